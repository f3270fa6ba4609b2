"""Which rulings (例外审批) can be taken: what they may concern, and what they no longer reach (contract section 2)."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date

from schemas.policy import Policy

#: The rule under which objections to a public notice are decided.
OBJECTION = "OBJECTION"
#: The rule under which a corrected result takes a filed item off, or does not.
EVAL_5 = "EVAL-5"
#: The rule under which a version that came too late may be taken.
WINDOW_2 = "WINDOW-2"

_OF_CAPPED_TYPES = ("CAP-1", "CAP-2")
_OF_THE_REGISTER = ("STAND-1", "IDENT-2", "DORM-1")
_FILED = frozenset({"filed", "lapsed"})


@dataclass(frozen=True)
class Ruling:
    """One ruling as it was made; `occupation` is blank where it is about all."""

    number: str
    rule: str
    occupation: str
    verdict: str
    made_on: date


@dataclass(frozen=True)
class ApplicationOnRecord:
    """What is on record of the application a ruling names.

    `statuses`: occupation code to the statuses of its items, empty where none is made yet; every code it asks for is in,
    but not the enterprise's own one of an item that carries its neighbour's.
    `notice_periods`: occupation code to the first and last day of the newest public notice that shows items of it.
    """

    cycle: str
    policy: Policy
    institution_type: str = ""
    is_closed: bool = False
    outcome: str = ""
    is_on_register: bool = False
    statuses: Mapping[str, Collection[str]] = field(default_factory=dict)
    notice_periods: Mapping[str, tuple[date, date]] = field(default_factory=dict)

    def notices(self, ruling: Ruling) -> list[tuple[date, date]]:
        """First and last days of the public notices that had begun when a ruling was made and show what it is about."""
        periods = [period for code, period in self.notice_periods.items() if ruling.occupation in ("", code)]
        return [(began, ends) for began, ends in periods if began <= ruling.made_on]


@dataclass(frozen=True)
class Fault:
    """Why a ruling is not taken, for a command and for the sender of a table; `is_late`: it was right, and comes too late."""

    english: str
    chinese: str
    is_late: bool = False


def fault_of(ruling: Ruling, application: ApplicationOnRecord | None, in_principle: Collection[str]) -> Fault | None:
    """Why a ruling on an application (None: nobody filed it) is not taken; None where it is."""
    number, rule, occupation = ruling.number, ruling.rule, ruling.occupation
    rules = [*sorted(in_principle), OBJECTION]
    if rule not in rules:
        return Fault(
            f"'{rule}' is no rule to decide on: decide on one of {', '.join(rules)}",
            f"规则“{rule}”不可作例外审批，可审批的有{'、'.join(rules)}",
        )
    if application is None:
        return unknown(number)
    if occupation and occupation not in application.statuses:
        codes = ", ".join(sorted(application.statuses)) or "none"
        return Fault(
            f"{number} does not apply for occupation {occupation}: it applies for {codes}",
            f"申报“{number}”没有申报职业“{occupation}”，请核对职业编码",
        )
    return _not_concerned(ruling, application) or _too_late(ruling, application)


def unknown(number: str) -> Fault:
    """Nobody filed under this number."""
    return Fault(
        f"there is no application {number}: `filing items CYCLE` lists the numbers",
        f"没有申报编号“{number}”，请核对",
    )


def _not_concerned(ruling: Ruling, application: ApplicationOnRecord) -> Fault | None:
    number, rule, occupation = ruling.number, ruling.rule, ruling.occupation
    policy, kind = application.policy, application.institution_type
    title, capped = policy.institution_types.get(kind, kind), policy.cap.capped
    reasons = (
        (
            rule in _OF_CAPPED_TYPES and kind in set(policy.institution) - set(capped),
            f"it is about {', '.join(capped)}, not {kind}",
            f"规则“{rule}”不适用于{title}，申报“{number}”无须此项审批",
        ),
        (
            rule in _OF_THE_REGISTER and not application.is_on_register,
            "its institution has nothing on the register",
            f"规则“{rule}”只适用于名册中的机构，申报“{number}”的机构不在名册中",
        ),
        (
            rule == OBJECTION and not policy.publication.public_notice_workdays,
            f"{policy.title} has no public notice",
            f"本市不设公示，申报“{number}”没有异议可审批",
        ),
        (
            rule == OBJECTION and not application.notices(ruling),
            f"no public notice showed {occupation or 'anything of it'} by {ruling.made_on}",
            f"截至{ruling.made_on}，申报“{number}”没有公示过的项目，没有异议可审批",
        ),
        (
            rule == EVAL_5
            and not any(
                _FILED & set(statuses) for code, statuses in application.statuses.items() if occupation in ("", code)
            ),
            f"nothing of {occupation or 'it'} is filed",
            f"申报“{number}”没有已备案的职业等级，规则“{EVAL_5}”不适用",
        ),
    )
    faults = (Fault(f"{rule} cannot concern {number}: {why}", chinese) for holds, why, chinese in reasons if holds)
    return next(faults, None)


def _too_late(ruling: Ruling, application: ApplicationOnRecord) -> Fault | None:
    number, rule, occupation = ruling.number, ruling.rule, ruling.occupation
    # of what was withdrawn, a corrected result may question what was filed before, and a late version may be taken
    over = application.outcome and not (rule in (EVAL_5, WINDOW_2) and application.outcome == "withdrawn")
    if application.is_closed or over:
        state = (
            f"cycle {application.cycle} is closed" if application.is_closed else f"{number} is {application.outcome}"
        )
        return Fault(
            f"{state}: nothing of it is decided any more", f"申报“{number}”已终止办理或撤回，不再审批", is_late=True
        )
    covered = [statuses for code, statuses in application.statuses.items() if occupation in ("", code) and statuses]
    if rule != EVAL_5 and covered and all(set(statuses) <= _FILED for statuses in covered):
        return Fault(
            f"what {number} asked for is filed, and a decision does not touch it: see `filing adjust`",
            f"申报“{number}”已备案，例外审批不再影响，请使用动态调整（filing adjust）",
            is_late=True,
        )
    ended = max((ends for _, ends in application.notices(ruling)), default=ruling.made_on)
    if rule == OBJECTION and ruling.verdict == "refuse" and ended < ruling.made_on:
        return Fault(
            f"the public notice of {number} ran until {ended}: an objection is upheld while it runs",
            f"申报“{number}”的公示期已于{ended}届满，公示期内的异议方可审批",
            is_late=True,
        )
    return None
