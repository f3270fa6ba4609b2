"""Screening what is current: findings, and the holds, refusals and dispatches that follow from them."""

from collections.abc import Iterator
from datetime import date

import values
from applications import FINAL, UNDER_WAY, Application, State
from facts import Facts, rules
from filing import Finding, Item, Trade
from form_rules import form_findings, unreadable
from occupation_rules import occupation_findings
from office import Office
from people_and_papers import material_findings, staff_findings
from register_rules import Scene, cap_is_exceeded, is_saturated, register_findings

# told as not accepted: no correction period, nobody waits
UNMENDABLE_WHOLE, UNMENDABLE_ROW = ("FORM-3", "FORM-6"), ("OCC-5", "OCC-6")


def screen(office: Office, cycle: str, as_of: date) -> None:
    """Take permitted late versions, screen what is new or due again, and settle all items until nothing moves."""
    for app in office.of_cycle(cycle):
        office.take_permitted(app)
    for _ in range(20):
        again = {app.no: fresh for app in office.of_cycle(cycle) if (fresh := _screened_again(office, app)) is not None}
        for no, fresh in again.items():
            app = office.applications[no]
            app.findings, app.screened = fresh, True
            app.twins = _others(office, app)
            app.known = office.knowledge(cycle)
            _return(office, app, as_of)
        before = _picture(office, cycle)
        for app in office.of_cycle(cycle):
            for item, state in app.items.items():
                # what was filed before the rest was withdrawn may still be questioned
                if app.live or (app.withdrawn and state.status == "filed"):
                    _settle_item(office, app, item, as_of)
        if _picture(office, cycle) == before and not again:
            return
    raise AssertionError("screening does not come to rest")


def settle_passed(office: Office, cycle: str, as_of: date) -> None:
    """Refuse what passed under a ruling that was turned meanwhile, as what had failed and is decided anew."""
    for app in office.of_cycle(cycle):
        for item, state in app.items.items():
            if state.status == "passed" and app.live:
                _settle_item(office, app, item, as_of)


def _screened_again(office: Office, app: Application) -> list[Finding] | None:
    """New findings of an application that is screened now; None where the former ones stand.

    A version is screened once; again, while nothing of it was sent out, when a twin came or went or became a renewal or
    none, when the register or what supervision knows grew, or when another version of what it repeats came.
    """
    if not app.live or (app.screened and (not app.waits or app.sent)):
        return None
    if app.screened and app.twins == _others(office, app) and app.known == office.knowledge(app.cycle):
        return None
    return sorted(set(findings(office, app)))


def _others(office: Office, app: Application) -> set[object]:
    """The institution's other live numbers, and which of them renew (FORM-8); of one that repeats (FORM-8, OCC-14) also
    their versions, and what is under way in other cycles.
    """
    uscc = app.filing.uscc
    mine = [one for one in office.applications.values() if uscc and one.filing.uscc == uscc and one.no != app.no]
    twins = [one for one in mine if one.cycle == app.cycle and one.live]
    seen: set[object] = {(one.no, one.filing.kind and one.filing.kind == "renewal") for one in twins}
    if any(finding.rule in ("FORM-8", "OCC-14") for finding in app.findings):
        seen |= {(one.no, one.versions.index(one.current)) for one in twins}
        elsewhere = [one for one in mine if one.cycle != app.cycle]
        seen |= {(one.no, item) for one in elsewhere for item, state in one.items.items() if state.status in UNDER_WAY}
    return seen


def _picture(office: Office, cycle: str) -> object:
    return [
        (app.no, item, state.status, sorted(state.reason))
        for app in office.of_cycle(cycle)
        for item, state in app.items.items()
    ]


def scene(office: Office, app: Application) -> Scene:
    """What an application is judged by."""
    siblings = [other for other in office.applications.values() if other.filing.uscc == app.filing.uscc]
    elsewhere = {
        Trade(item.occupation, item.work_type)
        for other in siblings
        for item, state in other.items.items()
        if other.cycle != app.cycle and state.status in UNDER_WAY
    }
    requested = set().union(*(other.counted() for other in siblings if other.cycle == app.cycle))
    return Scene(
        office.register,
        office.facts(app.cycle),
        app.cycle,
        office.activities,
        office.complaints,
        frozenset(elsewhere),
        frozenset(requested),
    )


def findings(office: Office, app: Application) -> list[Finding]:
    """All findings of the current version."""
    facts, filing, version = office.facts(app.cycle), app.filing, app.current
    version.alone = version.alone or [
        *form_findings(filing, facts),
        *unreadable(filing),
        *occupation_findings(filing, facts),
        *staff_findings(filing, facts),
        *material_findings(filing, facts),
    ]
    return [
        *_window(app, facts),
        *version.alone,
        *_twins(office, app),
        *register_findings(app.filing, scene(office, app)),
    ]


def _window(app: Application, facts: Facts) -> Iterator[Finding]:
    """WINDOW-1 judges and shows the first version's time; WINDOW-2 stands on a version taken late."""
    opens = values.midnight(facts.policy.window_opens(app.cycle))
    closes = values.midnight(values.day_after(facts.deadline))
    first = app.versions[0]
    readable = first.filing.submitted_at and app.filing.form.get("cycle") == app.cycle
    if readable and not opens <= first.handed_in() <= closes:
        yield Finding(app.no, "WINDOW-1", "applications", 1, "submitted_at", app.first.form["submitted_at"])
    if app.current.late_correction:
        yield Finding(app.no, "WINDOW-2", "applications", 1, "submitted_at", app.filing.form["submitted_at"])


def _twins(office: Office, app: Application) -> Iterator[Finding]:
    """FORM-8 and OCC-14: the institution's other applications."""
    uscc, kind = app.filing.uscc, app.filing.kind
    others = [one for one in office.applications.values() if one.no != app.no and uscc and one.filing.uscc == uscc]
    same = [one for one in others if one.cycle == app.cycle and one.live]
    if kind and any(one.filing.kind and (one.filing.kind == "renewal") == (kind == "renewal") for one in same):
        yield Finding(app.no, "FORM-8", "applications", 1, "uscc", uscc)
    taken: set[Item] = set()
    for one in others:
        for item, state in one.items.items():
            if one.cycle != app.cycle:
                if state.status in UNDER_WAY:
                    taken.add(item)
            elif one.live and state.status not in ("withdrawn", "ended") and _is_earlier(one, app):
                taken.add(item)
    present = office.register.present
    given_up = {item for item, state in app.items.items() if state.status in ("withdrawn", "ended", "lapsed")}
    for row in app.filing.requested:
        if present(taken) & present(set(row.items()) - given_up):
            yield Finding(app.no, "OCC-14", "occupations", row.row, "levels", row.cells.get("levels", ""))


def _is_earlier(one: Application, other: Application) -> bool:
    """Submitted earlier, then the smaller number."""
    return (one.current.moment(), one.no) < (other.current.moment(), other.no)


# -- what follows ------------------------------------------------------------------------------------------------


def _hard(app: Application) -> set[str]:
    return {finding.rule for finding in app.findings if rules()[finding.rule]["nature"] == "hard"}


def _return(office: Office, app: Application, as_of: date) -> None:
    """Hard findings return the whole application, with a correction period where a correction can mend them."""
    hard, was_returned = _hard(app), app.returned
    app.returned = bool(hard)
    if not hard:
        app.period_end = None
    elif not was_returned:
        days = int(office.facts(app.cycle).policy["correction"]["workdays"])
        app.period_end = None if _is_lost(app) else values.workdays_after(as_of, days)


def _is_lost(app: Application) -> bool:
    """Nothing of it can be saved by a correction: as a whole, or every row of its occupations."""
    if any(finding.rule in UNMENDABLE_WHOLE for finding in app.findings):
        return True
    barred = {finding.row for finding in app.findings if finding.rule in UNMENDABLE_ROW}
    return bool(barred) and {row.row for row in app.filing.requested} <= barred


def _settle_item(office: Office, app: Application, item: Item, as_of: date) -> None:
    state = app.items[item]
    if state.status == "filed" and state.corrected:
        if office.verdict(app.no, "EVAL-5", item.occupation) == "refuse":
            _take_off(office, app, item, as_of)
        return
    if state.status in ("passed", "refused"):
        _settle_objection(office, app, item)
    if state.status == "refused" and not _is_permitted_again(office, app, item, as_of):
        return
    if state.status in FINAL:
        return
    if app.returned:
        state.stands("returned", _hard(app))
        state.score, state.held_at = None, ""
        return
    concerned, free = _holding(office, app, item, as_of)
    if state.status == "held" and state.held_at == "filing":
        _settle_at_filing(office, app, item, concerned)
        return
    verdicts = {rule: office.verdict(app.no, rule, item.occupation) for rule in concerned}
    refused = {rule for rule, verdict in verdicts.items() if verdict == "refuse"}
    undecided = {rule for rule, verdict in verdicts.items() if verdict is None} - free
    if refused:
        state.stands("refused", refused)
        state.held_at = "screening"
    elif state.status in ("dispatched", "passed"):  # what has gone on is judged again only at filing
        return
    elif undecided:
        state.stands("held", undecided)
        state.held_at, state.score = "screening", None
    else:
        state.stands("dispatched")
        state.held_at, state.score, state.shown = "", None, None


def _settle_objection(office: Office, app: Application, item: Item) -> None:
    """An objection that is upheld refuses what a public notice shows; dismissed, it goes on from there."""
    state, verdict = app.items[item], office.verdict(app.no, "OBJECTION", item.occupation)
    if state.status == "passed" and verdict == "refuse":
        state.stands("refused", {"OBJECTION"})
    elif state.reason == {"OBJECTION"} and verdict != "refuse":
        state.stands("passed")


def _settle_at_filing(office: Office, app: Application, item: Item, concerned: set[str]) -> None:
    """An item held at its filing: CAP is looked at again by the filing itself."""
    state = app.items[item]
    verdicts = {rule: office.verdict(app.no, rule, item.occupation) for rule in concerned | state.reason}
    refused = {rule for rule, verdict in verdicts.items() if verdict == "refuse"}
    undecided = {rule for rule in state.reason if verdicts[rule] is None}
    if refused:
        state.held_at = "filing" if refused <= state.reason else "screening"
        state.stands("refused", refused)
    elif undecided:
        state.stands("held", undecided)
    else:
        state.stands("passed")


def _is_permitted_again(office: Office, app: Application, item: Item, as_of: date) -> bool:
    """Refuse → permit takes a refused item back to where it was held; the reason holds all rules that refuse it."""
    state = app.items[item]
    if state.reason & {"RENEW-1", "EVAL-5"}:
        return False
    still = {rule for rule in state.reason if office.verdict(app.no, rule, item.occupation) == "refuse"}
    if still:
        concerned, _ = _holding(office, app, item, as_of)
        further = {rule for rule in concerned if office.verdict(app.no, rule, item.occupation) == "refuse"}
        state.reason = still if "OBJECTION" in still else still | further
        return False
    state.stands("held", state.reason)
    return True


def _holding(office: Office, app: Application, item: Item, as_of: date) -> tuple[set[str], set[str]]:
    """In-principle rules whose findings concern the item, and the CAP rules among them whose place is free on a day."""
    here = scene(office, app)
    concerned = {finding.rule for finding in app.findings if _concerns(app, finding, item, here)}
    free = set()
    if not cap_is_exceeded(app.filing, here, as_of):
        free.add("CAP-1")
    if not is_saturated(app.filing, Trade(item.occupation, item.work_type), here, as_of):
        free.add("CAP-2")
    return concerned, concerned & free


def _concerns(app: Application, finding: Finding, item: Item, here: Scene) -> bool:
    """Whether an in-principle finding concerns an item (contract section 2)."""
    if rules()[finding.rule]["nature"] != "in_principle":
        return False
    on_file = here.register.items(app.filing.uscc, here.deadline)
    if finding.rule.startswith("WINDOW-") or finding.rule == "IDENT-2":
        return True
    is_on_file = bool(here.register.present([item]) & on_file)
    if finding.rule == "CAP-1":
        return here.register.now(item.occupation) not in {held.occupation for held in on_file}
    if finding.rule == "STAND-1":
        return not is_on_file
    if item not in app.filing.requested[finding.row - 1].items():
        return False
    return finding.rule == "CAP-2" or not is_on_file


def _take_off(office: Office, app: Application, item: Item, as_of: date) -> None:
    """A refused EVAL-5 takes a filed item off the register; it counts as a revocation."""
    state: State = app.items[item]
    state.stands("refused", {"EVAL-5"})
    entry = office.register.entry(app.filing.uscc, item)
    if entry:
        entry.off_on = as_of
        office.register.changes += 1
        office.register.revocations.setdefault(app.filing.uscc, []).append(as_of)
