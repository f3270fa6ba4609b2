"""Intake (收件): pulling what lies in the inbox into the database; judging it belongs to screening."""

import re
from collections import Counter
from pathlib import Path

import pandas as pd
import polars as pl
from sqlalchemy import Connection

from expectations import reading
from expectations.side_tables import readable
from schemas import submission
from schemas.finding import IDENTITY_NUMBER, masked
from schemas.law.cycle import cycle_id
from schemas.law.rulings import WINDOW_2
from schemas.policy import Policy, UnknownCycleError, for_cycle
from schemas.run import Run
from schemas.run_summary import SOURCE, Counts
from schemas.settings import Settings
from schemas.submission import DECISIONS, RESULTS
from tasks.desk.rulings import take_rulings
from tasks.desk.withdrawal import take_back
from tasks.gateways.disk import quarantine
from tasks.gateways.evaluators.dispatch_tokens import SigningKeyError, vouched
from tasks.gateways.sources import Pull, QuarantinedFile, bring, nothing
from tasks.gateways.sources.returned_results import FILE, PATH, pull_results, results_folders
from tasks.letters.life import late_versions, recall
from tasks.runs.step import step
from tasks.store import activities, applications, dispatches, items, letters, panels, results, runs, takeover, versions
from tasks.store.database import reading as reading_database
from tasks.store.leases import writing
from tasks.store.outbox import Entry

#: Why a package is taken back when a further version takes the place of the one it was made of.
_REPLACED = "申报单位重新提交了申报材料，已送评的版本作废"

#: So much advice is told of one pull.
MOST_ADVICE = 20


def intake(run: Run) -> Counts:
    """Take in what applicants, panels and operators handed in since the last time (Notice, article 3(1))."""
    return pull(run)


@step("pull-{run.cycle}")
def pull(run: Run) -> Counts:
    """Take in whatever is new in the source and among the results in the inbox; the same again changes nothing.

    A source that cannot be pulled is a failed key, and stops nothing else.
    """
    folder, installation = Path(run.inbox), run.installation
    named = bool(installation.source.get_secret_value()) and folder == installation.inbox
    if not named and not folder.is_dir():
        return Counts()
    brought = bring(installation, None if named else folder, beat=lambda: _stay(run))
    failed = {SOURCE: "; ".join(brought.failed)} if brought.failed else {}
    pulled = brought.pull or nothing()
    returned, unreadable = _returned([folder, brought.root] if named else [folder])
    taken, unvouched, unjudged = _vouched(pulled, returned, installation)
    failed |= unjudged
    for spoilt in [*pulled.quarantined, *unreadable, *unvouched]:
        if spoilt.path is not None:
            quarantine.keep(installation.root, spoilt.path, spoilt.reason)
    with writing(run) as db:
        counts = take_in(db, pulled, taken, [*unreadable, *unvouched], run)
    return counts.model_copy(update={"failed": failed, "advice": _advice(pulled)})


def _advice(pulled: Pull) -> list[str]:
    """What the files hold that no table knows (contract section 4: kept aside, never an error), and other hints."""
    files = Counter((each.table, each.column) for each in pulled.unknown_columns)
    unknown = [
        f"“{submission.TABLES[table].title if table else '顶层'}”有不认识的列“{column}”（{number}个文件），已搁置未用"
        for (table, column), number in sorted(files.items())
    ]
    told = list(dict.fromkeys([*unknown, *(each.sentence for each in pulled.advice)]))
    return told if len(told) <= MOST_ADVICE else [*told[:MOST_ADVICE], f"另有{len(told) - MOST_ADVICE}条提示"]


def _stay(run: Run) -> None:
    """Keep the cycle's lease through a long pull."""
    with writing(run):
        pass


def _returned(folders: list[Path]) -> tuple[pd.DataFrame, list[QuarantinedFile]]:
    """What panels dropped into these folders, and their files that cannot be read."""
    frames, unreadable = [], []
    for folder in (each for inbox in folders for each in results_folders(inbox)):
        rows, spoilt = pull_results(folder)
        frames.append(rows)
        unreadable += spoilt
    return pd.concat(frames, ignore_index=True), unreadable


def _vouched(
    pulled: Pull, returned: pd.DataFrame, installation: Settings
) -> tuple[pd.DataFrame, list[QuarantinedFile], dict[str, str]]:
    """Results of the pull, wherever they lay, that may be taken; `row` counts within the application.

    With a key that cannot be used none may, none is refused, and the last part says so.
    """
    rows = returned
    if RESULTS.name in pulled.supplied:
        own = pulled.tables[RESULTS.name].assign(**{FILE: RESULTS.title, PATH: None})
        rows = own if returned.empty else pd.concat([own, returned], ignore_index=True)
    try:
        with reading_database() as db:
            rows, refused = vouched(
                rows,
                dispatches.revisions(db, rows["application_no"]),
                installation,
                required=installation.result_tokens == "required",
            )
    except SigningKeyError as damaged:
        return rows.iloc[:0], [], {RESULTS.name: str(damaged)}
    return rows.assign(row=rows.groupby("application_no").cumcount() + 1), refused, {}


def take_in(
    db: Connection, pulled: Pull, returned: pd.DataFrame, unreadable: list[QuarantinedFile], run: Run
) -> Counts:
    """Store one pull: register and activities first, for they are what the applications are judged against.

    `returned`: all results that may be taken; `unreadable`: files of results that cannot be read or may not be taken.
    """
    policy = run.policy
    done: dict[str, int] = {}
    aside: list[dict[str, str]] = [
        {
            "file": bad.file,
            "sheet": bad.sheet,
            "row": bad.row,
            "application_no": _told(bad.application_no),
            "reason": bad.reason,
        }
        for bad in [*pulled.quarantined, *unreadable]
    ]
    activities.note_supplied(db, set(pulled.supplied) & {"activities"}, run)
    for name in ("register", "activities", "experts"):
        if name in pulled.supplied:
            done[name], sentences = take_in_side(db, name, pulled.tables[name], policy, run)
            aside += [_set_aside(name, sentence) for sentence in sentences]
    taken, others = take_in_versions(db, _forms(pulled, policy, run), run)
    # decisions concern applications, which may have come in the same pull
    if DECISIONS.name in pulled.supplied:
        done["decisions"], sentences = take_in_side(db, DECISIONS.name, pulled.tables[DECISIONS.name], policy, run)
        aside += [_set_aside(DECISIONS.name, sentence) for sentence in sentences]
    awaited, refused = results.of_open_cycles(db, _only(returned, run))
    done["results"] = results.receive(db, awaited, run)
    aside += [_set_aside(number, reason, number) for number, reason in [*others, *refused]]
    done["quarantined"] = runs.note_quarantined(db, aside, run.cycle, run.day)
    return Counts.sum([taken, Counts(done={name: count for name, count in done.items() if count})])


def _set_aside(file: str, reason: str, number: str = "") -> dict[str, str]:
    """What is kept of something that was set aside: columns of `runs.SET_ASIDE`."""
    return {"file": file, "sheet": "", "row": "", "application_no": number, "reason": reason}


def take_in_versions(db: Connection, forms: dict[str, pd.DataFrame], run: Run) -> tuple[Counts, list[tuple[str, str]]]:
    """Store versions; what they replace is recalled, what is not taken is told. Also number and reason of those set aside.

    `forms`: as `versions.judge` takes them.
    """
    ruling = versions.judge(db, forms, run)
    aside = [(_told(number), reason) for number, reason in ruling.aside]
    replaced = ruling.again[~ruling.again["is_withdrawal"]]["application_no"].tolist()
    recall(db, items.of_applications(db, replaced), _REPLACED, run)
    versions.keep(db, ruling, forms, run)
    back = ruling.again[ruling.again["is_withdrawal"]]["application_no"].tolist()
    taken_back = take_back(db, back, "撤回申报的版本", "", "filing", run) if back else Counts()
    written = letters.write(db, late_letters(db, ruling.late, run), run)
    told = {**ruling.counts(), "letters": taken_back.done.get("letters", 0) + written}
    return Counts(done={name: count for name, count in told.items() if count}), aside


def late_letters(db: Connection, late: pd.DataFrame, run: Run) -> list[Entry]:
    """Letters on versions (of `Ruling.late`) that are not taken."""
    if late.empty:
        return []
    known = applications.current(db, sorted(set(late["application_no"])))
    return late_versions(known, late.assign(is_open=late["why"].str.contains(WINDOW_2)), run)


def _told(number: str) -> str:
    """An application number, unless somebody's identity number was written in its place."""
    return masked(number) if re.fullmatch(IDENTITY_NUMBER, number) else number


def take_in_side(db: Connection, name: str, frame: pd.DataFrame, policy: Policy, run: Run) -> tuple[int, list[str]]:
    """Store one side table's readable rows; returns how many were new, and a sentence for each row left out."""
    rows, complaints = readable(frame, policy.table(submission.TABLES[name]), policy)
    if name == "activities":
        return activities.add(db, rows), complaints
    if name == "decisions":
        new, refused = take_rulings(db, rows, run)
        return new, [*complaints, *refused]
    if name == "experts":
        changed, twice = panels.take_in(db, rows)
        return changed, [*complaints, *twice]
    return takeover.take_over(db, rows, run), complaints


def _forms(pulled: Pull, policy: Policy, run: Run) -> dict[str, pd.DataFrame]:
    forms = {table.name: _only(pulled.tables[table.name], run) for table in submission.FORM_TABLES}
    stated = forms["applications"]["cycle"]
    assigned = {text: _assigned(text, run) for text in stated.dropna().unique()}
    read = pl.from_pandas(forms["applications"][["submitted_at"]]).select(
        reading.moment(pl.col("submitted_at"), policy.timezone).dt.epoch("us").alias("submitted_utc"),
    )
    return {
        **forms,
        "applications": forms["applications"].assign(
            assigned_cycle=stated.map(assigned).fillna(run.cycle), submitted_utc=read["submitted_utc"].to_pandas()
        ),
    }


def _assigned(stated: str, run: Run) -> str:
    """The cycle an application belongs to: the one it states, where there is such a cycle, else the run's."""
    try:
        cycle = cycle_id(stated)
        for_cycle(cycle)
    except (ValueError, UnknownCycleError):
        return run.cycle
    return cycle


def _only(frame: pd.DataFrame, run: Run) -> pd.DataFrame:
    if run.only is None:
        return frame
    return frame[frame["application_no"].isin(run.only)].reset_index(drop=True)
