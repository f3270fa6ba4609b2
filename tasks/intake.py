"""Intake (收件): reading the submissions, results and lists that were handed in, and storing what is new."""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import pandas as pd
import polars as pl
from sqlalchemy import Connection

from expectations import reading
from expectations.side_tables import LeftOut, readable
from schemas import submission
from schemas.law.cycle import cycle_id
from schemas.policy import Policy, UnknownCycleError, for_cycle
from schemas.run import SOURCE, Counts, Run
from schemas.settings import Settings
from schemas.submission import ACTIVITIES, APPLICATIONS, DECISIONS, INSTITUTION_CODES, RESULTS
from tasks.desk import arrivals, institution_codes, own_doors, supervision
from tasks.desk.arrivals import may_be_taken, pull_desks, put_on_record, put_results_on_record, take_supervision
from tasks.desk.closing import BY_VERSION, take_back
from tasks.desk.rulings import take_rulings
from tasks.desk.unread import Memory
from tasks.gateways.sources import (
    DESK_FOLDER,
    FILE,
    LINE,
    PANELS,
    Brought,
    Pull,
    QuarantinedFile,
    Unread,
    bring,
    folders_named,
    nothing,
    pull_folder,
)
from tasks.letters.life import late_versions, recall
from tasks.runs.run import step
from tasks.store import activities, applications, database, items, letters, panels, results, runs, takeover, versions
from tasks.store.leases import writing
from tasks.store.outbox import Entry

#: Why a package is recalled when the version it was made of is replaced.
_REPLACED = "申报单位重新提交了申报材料，已送评的版本作废"

#: At most so many pieces of advice are reported for one pull.
MOST_ADVICE = 20


def intake(run: Run) -> Counts:
    """Take in what applicants, panels and operators handed in since the last time (Notice, article 3(1))."""
    counts = pull(run)
    return counts if run.only is None else Counts.sum([counts, Counts(advice=_strangers(run.only, run))])


def _strangers(numbers: list[str], run: Run) -> list[str]:
    """A sentence for each chosen number that has no application in the cycle, even after this pull: it may be mistyped."""
    with database.reading() as db:
        strange = [number for number in numbers if applications.cycle_of(db, number) != run.cycle]
    return [f"申报编号“{number}”不在{run.cycle}批次，没有办理：请核对编号" for number in strange]


@step("pull-{run.cycle}")
def pull(run: Run) -> Counts:
    """Take in whatever is new at the three doors (contract section 4); pulling the same again changes nothing.

    A source that cannot be pulled is reported among the failures and stops nothing else.
    """
    doors = Doors.of(run)
    if not doors.is_any():
        return Counts()
    empties_doors, began_at = own_doors.are_own(run), time.time()
    if empties_doors:
        own_doors.bring_back(run)
    memory = Memory(None if empties_doors or run.only is not None else run)
    brought, pulls = doors.pull(lambda: _renew_lease(run), memory.unread)
    returned, unvouched, unjudged = may_be_taken(pulls, run.installation, on_a_word=doors.is_folder_of_run)
    supervised, unsupervised = take_supervision(doors.desks, run)
    refused = [*unvouched, *(file for pull in pulls.all() for file in pull.quarantined), *unsupervised]
    arrivals.keep_files(refused, run.installation)
    memory.note(pulls, [brought.root, *doors.panels])
    with writing(run) as db:
        counts = take_in(db, pulls, returned, refused, run)
        # complaints may be older than their institution's entry in the register, which this pull may have brought
        letters.write(db, supervision.to_be_mended(db, run), run)
        memory.keep(db)
    if empties_doors and not unjudged:
        own_doors.clear(run, pulls, refused, began_at)
    failed = ({SOURCE: "; ".join(brought.failed)} if brought.failed else {}) | unjudged
    advice = [sentence for pulled in pulls.all() for sentence in _advice(pulled)]
    return Counts.sum([counts, Counts(done=supervised, failed=failed, advice=advice[: MOST_ADVICE + 1])])


@dataclass(frozen=True)
class Doors:
    """The doors of one run: of applicants (`inbox`, or the source that FILING_SOURCE names), of panels, of the centre's desk.

    A folder handed to the run itself (`is_folder_of_run`) has all three doors in it, and whoever starts the run vouches for
    what lies there. Of the home's own doors only the desk is closed to people outside.
    """

    installation: Settings
    inbox: Path
    panels: list[Path]
    desks: list[Path]
    is_folder_of_run: bool

    @classmethod
    def of(cls, run: Run) -> Self:
        inbox, installation = Path(run.inbox), run.installation
        is_folder_of_run = inbox != installation.inbox
        desks = folders_named(inbox, DESK_FOLDER) if is_folder_of_run else [installation.desk]
        return cls(installation, inbox, folders_named(inbox, RESULTS.name), desks, is_folder_of_run)

    @property
    def is_named(self) -> bool:
        """Whether FILING_SOURCE says where applications come from."""
        return bool(self.installation.source.get_secret_value()) and not self.is_folder_of_run

    def is_any(self) -> bool:
        """Whether any door exists."""
        return self.is_named or any(folder.is_dir() for folder in [self.inbox, *self.desks])

    def pull(self, beat: Callable[[], None], unread: Unread) -> tuple[Brought, own_doors.Pulls]:
        """Read all three doors: how the applicants' source was brought, and what each door holds.

        `beat` is called about once a minute while a source far away is brought; files that `unread` names are passed over.
        """
        brought = Brought(None, self.inbox)
        if self.is_named or self.inbox.is_dir():
            brought = bring(self.installation, None if self.is_named else self.inbox, beat=beat, unread=unread)
        panels = [pull_folder(folder, door=PANELS, unread=unread) for folder in self.panels]
        return brought, own_doors.Pulls(brought.pull or nothing(), panels, pull_desks(self.desks))


def _advice(pulled: Pull) -> list[str]:
    """Sentences on columns that no table has (contract section 4: left out, never an error), and other hints."""
    files = Counter((header.table, header.column) for header in pulled.unknown_columns)
    unknown = [
        f"“{submission.TABLES[table].title if table else '顶层'}”有不认识的列“{column}”（{number}个文件），已搁置未用"
        for (table, column), number in sorted(files.items())
    ]
    sentences = list(dict.fromkeys([*unknown, *(advice.sentence for advice in pulled.advice)]))
    beyond = [f"另有{len(sentences) - MOST_ADVICE}条提示"] if len(sentences) > MOST_ADVICE else []
    return [*sentences[:MOST_ADVICE], *beyond]


def _renew_lease(run: Run) -> None:
    """Renew the cycle's lease during a long pull, as every transaction of the run does."""
    with writing(run):
        pass


def take_in(
    db: Connection, pulls: own_doors.Pulls, returned: pd.DataFrame, set_aside: list[QuarantinedFile], run: Run
) -> Counts:
    """Store one pull: register and activities first, because the applications are judged against them.

    `returned`: all results that may be taken; `set_aside`: files and rows that are not taken.
    """
    done: dict[str, int] = {}
    aside = arrivals.aside_rows(pulls, set_aside)
    lists = [pulls.applicants, *pulls.desks]
    if any(ACTIVITIES.name in pulled.supplied for pulled in lists):
        activities.note_supplied(db, {ACTIVITIES.name}, run)
    for name in ("register", "activities", "experts", INSTITUTION_CODES.name):
        aside += _take_lists(db, name, lists, done, run)
    versions_taken, others = take_in_versions(db, _forms(pulls.applicants, run.policy, run), run)
    # after the applications, which the decisions may concern
    aside += _take_lists(db, DECISIONS.name, lists, done, run)
    put_on_record(db, pulls.desks, done, run)
    awaited, refused = results.of_open_cycles(db, _only(returned, run))
    done["results"] = results.receive(db, awaited, run)
    if done["results"] and pulls.desks:
        put_results_on_record(db, pulls.desks, results.newest(db, awaited), run)
    aside += [arrivals.aside_row(number, reason, number) for number, reason in [*others, *refused]]
    runs.settle_files(db, arrivals.settling(pulls, set_aside, run.day))
    came = [bad.file for bad in set_aside if bad.path is not None] if own_doors.are_own(run) else []
    done["quarantined"] = runs.note_quarantined(db, aside, run.cycle, run.day, came)
    return Counts.sum([versions_taken, Counts.of(**done)])


def _take_lists(db: Connection, name: str, pulls: list[Pull], done: dict[str, int], run: Run) -> list[dict[str, str]]:
    """Store one list from all files that have it; counts new rows in `done`, and returns the rows not taken."""
    supplying = [pull for pull in pulls if name in pull.supplied]
    if not supplying:
        return []
    rows = pd.concat([pull.tables[name] for pull in supplying], ignore_index=True)
    files = [file for pull in supplying for file in pull.origins[name]]
    done[name], left_out = take_in_side(db, name, rows, run.policy, run)
    place = {"sheet": submission.READ_TABLES[name].title}
    return [arrivals.aside_row(files[row], sentence) | place | {"row": line} for row, line, sentence in left_out]


def take_in_versions(db: Connection, forms: dict[str, pd.DataFrame], run: Run) -> tuple[Counts, list[tuple[str, str]]]:
    """Store versions and recall the packages of those they replace; returns counts, and number and reason of those not kept.

    `forms`: as `versions.judge` takes them.
    """
    if forms[APPLICATIONS.name].empty:
        return Counts(), []
    ruling = versions.judge(db, forms, run)
    aside = [(arrivals.shown_number(number), reason) for number, reason in ruling.aside]
    replaced = ruling.again[~ruling.again["is_withdrawal"]]["application_no"].tolist()
    recall(db, items.of_applications(db, replaced), _REPLACED, run)
    versions.keep(db, ruling, forms, run)
    runs.settle_quarantined(db, _settling(ruling))
    back = ruling.again[ruling.again["is_withdrawal"]]["application_no"].tolist()
    taken_back = take_back(db, back, BY_VERSION, "", "filing", run) if back else Counts()
    written = letters.write(db, late_letters(db, ruling.late, run), run)
    written += taken_back.done.get("letters", 0)
    return Counts.of(**ruling.counts(), letters=written), aside


def _settling(ruling: versions.Ruling) -> dict[str, str]:
    """Application number to the file and number of its new version, which settles what was set aside before."""
    rows = ruling.current.to_dict("records")
    return {row["application_no"]: f"“{row[FILE]}”（第{row['version']}版）" for row in rows if FILE in row}


def late_letters(db: Connection, late: pd.DataFrame, run: Run) -> list[Entry]:
    """Letters on versions that came too late and are not taken; `late`: of `Ruling.late`."""
    if late.empty:
        return []
    applicants = applications.current(db, sorted(set(late["application_no"])))
    late_rows = late.assign(goes_on=late["was"] != "closed")
    return late_versions(applicants, late_rows, run)


def take_in_side(db: Connection, name: str, frame: pd.DataFrame, policy: Policy, run: Run) -> tuple[int, list[LeftOut]]:
    """Store one side table's readable rows; returns how many were new, and the rows left out, `row` by their place."""
    frame = frame.assign(row=range(len(frame)))
    if name == INSTITUTION_CODES.name:
        return institution_codes.take_in(db, frame, run)
    rows, left_out = readable(frame, policy.table(submission.TABLES[name]), policy)
    if name == "activities":
        return activities.add(db, rows), left_out
    if name == "decisions":
        new, refused = take_rulings(db, rows.merge(frame[["row", LINE]]), run)
        return new, [*left_out, *refused]
    if name == "experts":
        changed, twice = panels.take_in(db, rows.merge(frame[["row", LINE]]))
        return changed, [*left_out, *twice]
    return takeover.take_over(db, rows, run), left_out


def _forms(pulled: Pull, policy: Policy, run: Run) -> dict[str, pd.DataFrame]:
    tables = {table.name: pulled.tables[table.name] for table in submission.FORM_TABLES}
    tables[APPLICATIONS.name] = tables[APPLICATIONS.name].assign(**{FILE: pulled.origins[APPLICATIONS.name]})
    forms = {name: _only(rows, run) for name, rows in tables.items()}
    cycles = forms["applications"]["cycle"]
    assigned = {text: _assigned(text, run) for text in cycles.dropna().unique()}
    read = pl.from_pandas(forms["applications"][["submitted_at"]]).select(
        reading.moment(pl.col("submitted_at"), policy.timezone).dt.epoch("us").alias("submitted_utc"),
    )
    return {
        **forms,
        "applications": forms["applications"].assign(
            assigned_cycle=cycles.map(assigned).astype("str").fillna(run.cycle),
            submitted_utc=read["submitted_utc"].to_pandas(),
        ),
    }


def _assigned(text: str, run: Run) -> str:
    """The cycle an application belongs to: the one it states if that exists, else the run's."""
    try:
        cycle = cycle_id(text)
        for_cycle(cycle)
    except (ValueError, UnknownCycleError):
        return run.cycle
    return cycle


def _only(frame: pd.DataFrame, run: Run) -> pd.DataFrame:
    if run.only is None:
        return frame
    return frame[frame["application_no"].isin(run.only)].reset_index(drop=True)
