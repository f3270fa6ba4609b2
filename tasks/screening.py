"""Screening (初审): checking applications against the rules, and moving their items by the findings."""

from collections.abc import Hashable
from pathlib import Path
from typing import Any

import pandas as pd
from sqlalchemy import Connection

from expectations.check import Checked, check, data_docs, requested_items
from schemas.item import ALONG, FINAL
from schemas.law.cycle import assumed_end
from schemas.law.places import CAPS, places_used, unit
from schemas.rows import tuples
from schemas.run import Counts, Run
from tasks.desk.closing import BY_VERSION
from tasks.desk.rulings import settle_holds
from tasks.letters import contents
from tasks.letters.delivery import deliver_letters, expect_letters
from tasks.letters.life import recall, withdrawals
from tasks.letters.outcomes import write_refusals
from tasks.runs.run import step
from tasks.store import applications, correspondence, findings, items, late_versions, letters, register
from tasks.store.database import reading
from tasks.store.directory import occupation_names
from tasks.store.leases import writing
from tasks.store.scene import renumbered, scene, without_level

#: Applications checked in one pass: a city is one batch, a nation a few dozen. Reading the register and running the five
#: checkpoints costs the same for a batch of any size; 16,000 applications take about 1 GiB.
BATCH = 16_000

_PERMITTED = "逾期提交的材料经例外审批准予采纳，已送评的版本作废"

#: Statuses in which items of other cycles count towards the cap.
_UNDER_WAY = ["held", "accepted", "dispatched", "passed"]


def screening(run: Run) -> Counts:
    """Check what came since the last run, settle held items, and write to applicants (Notice, article 3(2))."""
    batches = find_unscreened(run)
    if run.installation.task_runner:
        expect_letters(run, sum(map(len, batches)))
    checked = [screen(run, numbers, number) for number, numbers in enumerate(batches, start=1)]
    written = [settle(run), acknowledge_held(run), write_refusals(run)]
    return Counts.sum([*checked, *written, deliver_letters(run)])


def settle(run: Run) -> Counts:
    """Carry out the rulings, then let items go on for which a place is free, also places that a refusal has just freed."""
    ruled = settle_holds(run)
    return Counts.sum([ruled, settle_holds(run)]) if free_places(run) else ruled


@step("find-{run.cycle}")
def find_unscreened(run: Run) -> list[list[str]]:
    """Numbers of the applications to check, in batches; also of those whose twins or register facts changed."""
    with writing(run) as db:
        _take_permitted(db, run)
        applications.send_back(db, _judged_on_old_facts(db, run))
    with reading() as db:
        numbers = applications.to_screen(db, run.cycle, run.only)
    return [numbers[start : start + BATCH] for start in range(0, len(numbers), BATCH)]


def _take_permitted(db: Connection, run: Run) -> None:
    """Make late versions current that a ruling now permits, and recall the packages they replace (contract section 3)."""
    permitted = late_versions.permitted(db, run)
    if len(permitted):
        recall(db, items.of_applications(db, permitted["application_no"].tolist()), _PERMITTED, run)
        late_versions.promote(db, permitted, run)


def _judged_on_old_facts(db: Connection, run: Run) -> list[str]:
    """Waiting applications of which nothing was sent out, and whose twins or register facts changed since their screening."""
    return applications.outdated(db, run.cycle, register.knowledge(db, run.cycle))


@step("screen-{batch_no}", retries=2)
def screen(run: Run, numbers: list[str], batch_no: int) -> Counts:
    """Check one batch and write statuses, findings, holds and letters in one transaction; repeating it changes nothing."""
    with writing(run) as db:
        due = sorted(set(numbers) & set(applications.to_screen(db, run.cycle, run.only)))
        if not due:
            return Counts()
        back = applications.taken_back(db, due)
        withdrawn = _write_withdrawn(db, sorted(back), run)
        standing = [number for number in due if number not in back]
        if not standing:
            return withdrawn
        submissions = applications.submissions(db, standing)
        checked = check(submissions, scene(db, run.cycle))
        data_docs(checked.validation, _docs_folder(run, batch_no), run.policy)
        return Counts.sum([withdrawn, write(db, submissions, checked, run)])


def _write_withdrawn(db: Connection, numbers: list[str], run: Run) -> Counts:
    """Create the items of applications that were withdrawn unchecked, in status `withdrawn`, and confirm the withdrawal.

    The items carry the credit code of the withdrawing version where it states one.
    """
    if not numbers:
        return Counts()
    submissions = applications.submissions(db, numbers)
    requested = requested_items(submissions, scene(db, run.cycle))
    present = items.of_applications(db, numbers)[items.KEYS]
    new = requested.merge(present, on=items.KEYS, how="left", indicator=True).query("_merge == 'left_only'")
    owner = new["application_no"].map(items.follow_owner(db, numbers))
    item_rows = new[[*items.KEYS, *ALONG]]
    items.create(db, item_rows.assign(cycle=run.cycle, uscc=owner, status="withdrawn", reason=""), run, "filing")
    findings.replace(db, findings.none(), submissions["applications"], run.cycle)
    applications.note_withdrawal(db, numbers, run)
    # an application that names no readable item gets a letter about the whole
    bare = set(numbers) - set(requested["application_no"]) - set(present["application_no"])
    applicants = applications.current(db, sorted({*new["application_no"], *bare}))
    confirmed = withdrawals(applicants, item_rows, occupation_names(db), BY_VERSION, "", run)
    return Counts.of(withdrawn=len(numbers), letters=letters.write(db, confirmed, run))


@step("held-{run.cycle}")
def acknowledge_held(run: Run) -> Counts:
    """Write, once a version, to applicants all of whose open items wait for a ruling: their application was taken up."""
    with writing(run) as db:
        held = items.of_cycle(db, run.cycle, ["held"])
        rows = items.of_applications(db, sorted(set(held["application_no"])))
        going_on = set(rows.loc[~rows["status"].isin(["held", "refused", "ended"]), "application_no"])
        numbers = [number for number in sorted(set(held["application_no"]) - going_on) if _is_chosen(number, run)]
        applicants = applications.current(db, numbers)
        earlier = correspondence.letters_to(db, numbers)
        occasions = {row["application_no"]: _version_held(row, earlier) for row in applicants.to_dict("records")}
        written_before = letters.occasions(db, "acceptance")
        new = sorted(
            number for number, about in occasions.items() if contents.of_acceptance(number, about) not in written_before
        )
        if not new:
            return Counts()
        applicants, waiting = applicants[applicants["application_no"].isin(new)], held[held["application_no"].isin(new)]
        before = correspondence.before(db, new)
        entries = contents.acceptances(applicants, waiting, {}, occasions, occupation_names(db), before, run)
        written = letters.write(db, entries, run)
    return Counts.of(letters=written)


def _version_held(row: dict[Hashable, Any], earlier: correspondence.Correspondence) -> str:
    """The occasion of acknowledging a held version; another one if the same version had been returned before."""
    number, version = row["application_no"], int(row["version"])
    return f"v{version}-again" if earlier.on_version(number, version, correspondence.RETURNS) else f"v{version}"


def _is_chosen(number: str, run: Run) -> bool:
    return run.only is None or number in run.only


def _docs_folder(run: Run, batch_no: int) -> Path:
    """The folder of the report on a cycle's newest check; batches after the first have folders of their own in it."""
    folder = run.installation.root / "data-docs" / run.cycle
    return folder if batch_no == 1 else folder / f"batch-{batch_no}"


def write(db: Connection, submissions: dict[str, pd.DataFrame], checked: Checked, run: Run) -> Counts:
    """Store the outcome of one check: the applications returned, the items held, the items that go on."""
    screened = submissions["applications"]
    hard = checked.findings[checked.findings["nature"] == "hard"]
    returned = set(hard["application_no"])
    findings.replace(db, checked.findings, screened, run.cycle)
    new_items = _born(checked, hard, screened.set_index("application_no")["uscc"]).assign(cycle=run.cycle)
    judged = items.renew(db, screened, new_items, run)
    findings.hold_anew(db, screened, checked.holds[~checked.holds["application_no"].isin(returned)], run.cycle)
    numbers = screened["application_no"].tolist()
    letters_before = correspondence.letters_to(db, sorted(returned))
    notices = contents.corrections(screened, hard, submissions["occupations"], letters_before, run)
    written = letters.write(db, notices, run)
    ends = assumed_end(run.day, run.policy.correction.workdays)
    correct_by = {notice.subject: ends for notice in notices if notice.kind == "correction"}
    applications.note_screening(db, numbers, returned, correct_by, register.knowledge(db, run.cycle), run)
    return Counts.of(
        screened=len(numbers),
        returned=len(returned),
        held=int((judged["status"] == "held").sum()),
        accepted=int((judged["status"] == "accepted").sum()),
        letters=written,
    )


def _born(checked: Checked, hard: pd.DataFrame, uscc: "pd.Series[str]") -> pd.DataFrame:
    """New items with their first status and the rules that return or hold them."""
    holding = items.rules_of(checked.holds, "holding")
    returning = items.rules_of(hard, "returning", ["application_no"])
    rows = checked.items[[*items.KEYS, *ALONG]].merge(holding, on=items.KEYS, how="left")
    rows = rows.merge(returning, on="application_no", how="left")
    rows["status"] = "accepted"
    rows.loc[rows["holding"].notna(), "status"] = "held"
    rows.loc[rows["returning"].notna(), "status"] = "returned"
    rows["reason"] = rows["returning"].fillna(rows["holding"]).fillna("")
    rows["uscc"] = rows["application_no"].map(uscc).fillna("")
    return rows[[*items.KEYS, *ALONG, "uscc", "status", "reason"]]


@step("places-{run.cycle}")
def free_places(run: Run) -> int:
    """Lift holds under CAP-1 and CAP-2 for which a place is free on the run's day; returns how many.

    Items that were held when they should have been filed are left to the decision, which takes them in order of score.
    """
    with writing(run) as db:
        held = items.of_cycle(db, run.cycle, ["held"])
        held = held[held["decided_result"].isna()]
        if run.only is not None:
            held = held[held["application_no"].isin(run.only)]
        holds = findings.holds_of(db, run.cycle)
        holds = holds[holds["rule"].isin(CAPS)].merge(held[[*items.KEYS, "uscc"]], on=items.KEYS)
        if holds.empty:
            return 0
        free = _is_free(db, run, holds)
        findings.note_fallen(db, holds, free, run.day)
        return int(free.sum())


def _is_free(db: Connection, run: Run, holds: pd.DataFrame) -> "pd.Series[bool]":
    """Which holds (KEYS, rule, uscc) no longer have a reason on the run's day."""
    policy, place = run.policy, unit(run.policy)
    held = renumbered(db, holds)[["uscc", *place]]
    on_file = register.on_file(db, run.day, among=register.EntriesOf(holds["uscc"], held["occupation_code"]))
    capped = holds.loc[holds["rule"] == "CAP-1", "uscc"].unique().tolist()
    items_of_capped = items.of_institutions(db, capped)
    under_way = items_of_capped[(items_of_capped["cycle"] != run.cycle) & items_of_capped["status"].isin(_UNDER_WAY)]
    counted_items = pd.concat([under_way, _requested(db, items_of_capped[items_of_capped["cycle"] == run.cycle], run)])
    used = places_used(pd.concat([on_file[on_file["uscc"].isin(capped)], renumbered(db, counted_items)]), policy)
    within = holds["uscc"].map(used).fillna(0) <= policy.cap.occupations
    counted = on_file[on_file["institution_type"].isin(policy.cap.saturation_counts)]
    counted = counted.merge(held[place].drop_duplicates(), on=place)
    holders: dict[tuple[str, ...], set[str]] = {}
    for uscc, *key in tuples(counted[["uscc", *place]]):
        holders.setdefault(tuple(key), set()).add(uscc)
    others = [len(holders.get(tuple(key), set()) - {uscc}) for uscc, *key in tuples(held)]
    unsaturated = pd.Series(others, index=holds.index, dtype="int64") < policy.cap.saturation
    return within.where(holds["rule"] == "CAP-1", unsaturated)


def _requested(db: Connection, present: pd.DataFrame, run: Run) -> pd.DataFrame:
    """Of the cycle's items (`present`) those that count: not of occupations all of whose items are final and not filed.

    Occupations requested at a level that nobody can read count as well.
    """
    every = pd.concat([present, without_level(db, run.cycle)])
    over = every["status"].isin(list(FINAL - {"filed"}))
    is_over = over.groupby([every["application_no"], every["occupation_code"]]).transform("all")
    return every[~is_over]
