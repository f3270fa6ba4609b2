"""Screening (初审): checking what was received and moving its items by what was found."""

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

#: Applications checked in one pass: a city is one batch, a nation a few dozen. What a batch costs whatever its size
#: (the register read, five checkpoints) is paid once for each; 16,000 applications take about 1 GiB.
BATCH = 16_000

_PERMITTED = "逾期提交的材料经例外审批准予采纳，已送评的版本作废"

#: Statuses of items that count under the cap in other cycles.
_UNDER_WAY = ["held", "accepted", "dispatched", "passed"]


def screening(run: Run) -> Counts:
    """Check what came since the last time, settle what is held, and write to applicants (Notice, article 3(2))."""
    batches = find_unscreened(run)
    if run.installation.task_runner:
        expect_letters(run, sum(map(len, batches)))
    checked = [screen(run, numbers, number) for number, numbers in enumerate(batches, start=1)]
    written = [settle(run), acknowledge_held(run), write_refusals(run)]
    return Counts.sum([*checked, *written, deliver_letters(run)])


def settle(run: Run) -> Counts:
    """Carry out the rulings, then let go on what waits for a place that is free, one a refusal has freed among them."""
    ruled = settle_holds(run)
    return Counts.sum([ruled, settle_holds(run)]) if free_places(run) else ruled


@step("find-{run.cycle}")
def find_unscreened(run: Run) -> list[list[str]]:
    """Numbers of the applications to check, in batches; those that others' changes concern are among them."""
    with writing(run) as db:
        _take_permitted(db, run)
        applications.send_back(db, _concerned(db, run))
    with reading() as db:
        numbers = applications.to_screen(db, run.cycle, run.only)
    return [numbers[start : start + BATCH] for start in range(0, len(numbers), BATCH)]


def _take_permitted(db: Connection, run: Run) -> None:
    """Make late versions current that a decision permits now; what they replace is recalled (contract section 3)."""
    permitted = late_versions.permitted(db, run)
    if len(permitted):
        recall(db, items.of_applications(db, permitted["application_no"].tolist()), _PERMITTED, run)
        late_versions.promote(db, permitted, run)


def _concerned(db: Connection, run: Run) -> list[str]:
    """Applications that wait, nothing of which was sent out, and whose twins or register facts changed since."""
    return applications.outdated(db, run.cycle, register.knowledge(db, run.cycle))


@step("screen-{batch_no}", retries=2)
def screen(run: Run, numbers: list[str], batch_no: int) -> Counts:
    """Check one batch and write statuses, findings, holds and letters in one transaction; twice changes nothing."""
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
        data_docs(checked.validation, _docs_folder(run, batch_no))
        return Counts.sum([withdrawn, write(db, submissions, checked, run)])


def _write_withdrawn(db: Connection, numbers: list[str], run: Run) -> Counts:
    """Applications that were taken back are not checked: the items they name are made, and are `withdrawn`.

    All of them go by the credit code of the version that takes them back, where it states one.
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
    applications.withdrawn(db, numbers, run)
    # one without a single item is confirmed as a whole
    bare = set(numbers) - set(requested["application_no"]) - set(present["application_no"])
    applicants = applications.current(db, sorted({*new["application_no"], *bare}))
    confirmed = withdrawals(applicants, item_rows, occupation_names(db), BY_VERSION, "", run)
    return Counts.of(withdrawn=len(numbers), letters=letters.write(db, confirmed, run))


@step("held-{run.cycle}")
def acknowledge_held(run: Run) -> Counts:
    """Write once a version to applicants whose every open item waits for a ruling: what they asked for is taken up."""
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
    """What the acknowledgement of a held version is about: of one that had been returned, as of a twin's, anew."""
    number, version = row["application_no"], int(row["version"])
    return f"v{version}-again" if earlier.on_version(number, version, correspondence.RETURNS) else f"v{version}"


def _is_chosen(number: str, run: Run) -> bool:
    return run.only is None or number in run.only


def _docs_folder(run: Run, batch_no: int) -> Path:
    """Where the newest check of a cycle is reported; a nation's later batches lie beside the first."""
    folder = run.installation.root / "data-docs" / run.cycle
    return folder if batch_no == 1 else folder / f"batch-{batch_no}"


def write(db: Connection, submissions: dict[str, pd.DataFrame], checked: Checked, run: Run) -> Counts:
    """Write the outcome of one check: who is returned, which items are held, which go on."""
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
    applications.screened(db, numbers, returned, correct_by, register.knowledge(db, run.cycle), run)
    return Counts.of(
        screened=len(numbers),
        returned=len(returned),
        held=int((judged["status"] == "held").sum()),
        accepted=int((judged["status"] == "accepted").sum()),
        letters=written,
    )


def _born(checked: Checked, hard: pd.DataFrame, uscc: "pd.Series[str]") -> pd.DataFrame:
    """The items with their first status and the rules that returned or hold them."""
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
    """Let holds under CAP-1 and CAP-2 fall whose place is free on the run's day; how many did.

    Items held at their filing are judged there, in the order of their scores.
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
    """Which holds (KEYS, rule, uscc) no longer hold on the run's day."""
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
    """Items of the cycle (`present`), without the occupations all of whose items are final and not filed.

    What is asked for at levels nobody can read counts as well.
    """
    every = pd.concat([present, without_level(db, run.cycle)])
    over = every["status"].isin(list(FINAL - {"filed"}))
    is_over = over.groupby([every["application_no"], every["occupation_code"]]).transform("all")
    return every[~is_over]
