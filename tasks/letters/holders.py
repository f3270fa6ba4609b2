"""Letters to institutions on file: their term ends, an occupation lies dormant, a decision was taken about them."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import date, timedelta

import pandas as pd

from expectations.rulebook import rules_of
from schemas.item import TRADE
from schemas.law.cycle import CycleId
from schemas.law.terms import last_renewal
from schemas.letter_lines import DormantLine, EarlierLetter, UnderWayLine, lines_of
from schemas.letter_text import (
    LETTER_KINDS,
    DormancyText,
    ExpiryReminderText,
    RectificationText,
)
from schemas.policy import Policy, in_force
from schemas.qualification import ADJUSTMENTS, KEYS, Adjustment
from schemas.rows import records
from schemas.run import Run
from tasks.letters.contents import Row, addressee, grouped, letter, remedies
from tasks.store.outbox import Entry

#: How a renewal stands that is not held, and what the institution has to do.
_STATES = {
    "returned": "已退回补正，请按补正通知书一次补正后重新提交",
    "screened": "初审中，无须另行申报",
    "accepted": "已受理，等待送评，无须另行申报",
    "dispatched": "专家评估中，请配合评估",
    "passed": "评估合格，等待决定，无须另行申报",
}


@dataclass(frozen=True)
class Reminding:
    """What reminders of a day rest on.

    `names`: occupation code to name; `renewals`: items of renewals under way, which are named with what is to be done, by
    credit code; `first_codes`: present credit codes to the first one the institution had, for a new code makes no new
    occasion; `written`: occasions of reminders there are.
    """

    policy: Policy
    day: date
    names: Mapping[str, str]
    renewals: Mapping[tuple[str, ...], list[Row]]
    first_codes: Mapping[str, str]
    written: Set[str]


def expiry_reminders(on_file: pd.DataFrame, reminding: Reminding) -> list[Entry]:
    """One reminder an institution and term: the nearest of `reminder_days` that has been reached (article 3(4)).

    When several were missed only the nearest is written: its occasion names the term and the number of days. Where it or
    a nearer one is written already, none is composed, also on an earlier day.
    """
    reminder_days, due = reminding.policy.validity.reminder_days, []
    reached = on_file["valid_until"] <= (reminding.day + timedelta(max(reminder_days))).isoformat()
    for (uscc, end), rows in sorted(grouped(records(on_file[reached]), "uscc", "valid_until").items()):
        days_left = (date.fromisoformat(end) - reminding.day).days
        nearest = min(days for days in reminder_days if days_left <= days)
        term = f"expiry_reminder:{reminding.first_codes.get(uscc, uscc)}:{end}"
        if reminding.written.isdisjoint({f"{term}:{days}" for days in reminder_days if days <= nearest}):
            due.append(_reminder(f"{term}:{nearest}", date.fromisoformat(end), rows, reminding))
    return due


def _reminder(occasion: str, end: date, rows: list[Row], reminding: Reminding) -> Entry:
    """The reminder of one institution's term; `rows`: what ends with it."""
    policy, day, head = reminding.policy, reminding.day, rows[0]
    cycle = _renewal_cycle(end, reminding)
    ending = {_key(row) for row in rows}
    renewals = [row for row in reminding.renewals.get((str(head["uscc"]),), []) if _key(row) in ending]
    text = ExpiryReminderText(
        **addressee(head, policy, day),
        items=lines_of(rows, reminding.names, policy),
        under_way=_under_way(renewals, reminding),
        to_file=len({_key(row) for row in renewals}) < len(ending),
        valid_until=end,
        days_left=(end - day).days,
        renewal_cycle=cycle or "",
        renewal_deadline=policy.deadline(cycle) if cycle else None,
    )
    return letter(occasion, "expiry_reminder", str(head["uscc"]), text)


def _renewal_cycle(end: date, reminding: Reminding) -> CycleId | None:
    """The last cycle that is surely decided before a term ends; where it is over, the last that closes before; or none."""
    cycles = (last_renewal(end, reminding.policy), reminding.policy.last_cycle_on(end))
    return next((cycle for cycle in cycles if reminding.policy.deadline(cycle) >= reminding.day), None)


def _key(row: Row) -> tuple[str, ...]:
    return tuple(row[name] for name in KEYS)


def _under_way(renewals: list[Row], reminding: Reminding) -> list[UnderWayLine]:
    """One line an application, occupation and standing, with what the institution has to do."""
    standings = grouped(renewals, "application_no", "status", "reason")
    return [
        UnderWayLine(**line.model_dump(), application_no=number, state=_state(status, reason, reminding.policy))
        for (number, status, reason), rows in sorted(standings.items())
        for line in lines_of(rows, reminding.names, reminding.policy)
    ]


def _state(status: str, reason: str, policy: Policy) -> str:
    """How a renewal stands, in words, and what is to be done about it."""
    if status != "held":
        return _STATES.get(status, "正在办理，无须另行申报")
    book = rules_of(policy)
    codes = [code for code in reason.split(";") if code in book]
    sentences = "；".join(book[code].message_zh for code in codes)
    return "，".join([f"待例外审批（{sentences}）", *(remedies()[code] for code in codes if code in remedies())])


def dormancy_hints(
    dormant: pd.DataFrame,
    on_file: pd.DataFrame,
    policy: Policy,
    day: date,
    names: Mapping[str, str],
    first_codes: Mapping[str, str],
) -> list[Entry]:
    """One letter an institution about the occupations that newly fell dormant.

    `names`: occupation code to name; `first_codes`: present credit codes to the first one the institution had, for a
    new code makes no new occasion.
    """
    concerned = on_file[on_file["uscc"].isin(dormant["uscc"])]
    heads = {row["uscc"]: row for row in records(concerned.drop_duplicates("uscc"))}
    hints = []
    for (uscc,), rows in sorted(grouped(records(dormant.sort_values(TRADE)), "uscc").items()):
        lines = [
            DormantLine(
                occupation_code=row["occupation_code"],
                occupation_name=names.get(row["occupation_code"], row["occupation_code"]),
                work_type=row["work_type"],
                filed_on=date.fromisoformat(row["filed_on"]),
            )
            for row in rows
        ]
        basis = policy.article(LETTER_KINDS["dormancy"].article)
        text = DormancyText(**addressee(heads[uscc], policy, day), as_of=day, basis=basis, occupations=lines)
        which = "+".join(f"{line.occupation_code}{line.work_type}@{line.filed_on}" for line in lines)
        occasion = f"dormancy:{first_codes.get(uscc, uscc)}:{which}"
        hints.append(letter(occasion, "dormancy", uscc, text))
    return hints


def adjustment_letter(
    adjustment: Adjustment,
    on_file: pd.DataFrame,
    concerned: pd.DataFrame,
    names: Mapping[str, str],
    run: Run,
    voids: Sequence[EarlierLetter] = (),
) -> Entry:
    """One letter a decision; it names the levels unless the decision concerns all the institution has on file.

    `concerned`: UNIT and institution_name of what the decision moves, with its `standing`; without one where it only lifts
    the suspension of what is not on file any more. `voids`: earlier letters it contradicts.
    """
    policy = in_force(run.day)
    lines = lines_of(concerned.to_dict("records"), names, policy)
    kind = ADJUSTMENTS[adjustment.kind].letter
    is_over = "standing" not in concerned.columns
    text = LETTER_KINDS[kind].text.model_validate(
        {
            **addressee(concerned.iloc[0].to_dict(), policy, run.day),
            "items": lines if is_over or len(concerned) < len(on_file) else [],
            "ground": adjustment.ground,
            "decision_no": adjustment.document_no,
            "decided_on": adjustment.effective_on,
            "effective_on": adjustment.effective_on,
            "voids": list(voids),
            **({"is_over": True} if is_over else {}),
        }
    )
    return letter(f"{kind}:{adjustment.uscc}:{adjustment.identity[:16]}", kind, adjustment.uscc, text)


def rectifications(matters: pd.DataFrame, policy: Policy, day: date) -> list[Entry]:
    """One letter a complaint and day by which what it found is to be mended (article 4(3)).

    `matters`: the columns of complaints, all with `due_on`, and institution_name.
    """
    return [
        letter(
            f"rectification:{row['complaint_no']}:{row['due_on']}",
            "rectification",
            str(row["uscc"]),
            RectificationText(
                **addressee(row, policy, day),
                occasion="举报投诉办理",
                occasion_no=row["complaint_no"],
                problem=row["summary"],
                due_on=date.fromisoformat(row["due_on"]),
                decision_no=row["document_no"] or "",
            ),
        )
        for row in matters.sort_values("complaint_no").to_dict("records")
    ]
