"""Public notice (公示): items to be filed are shown to the public first, where the policy asks for it."""

from datetime import date
from functools import partial

import pandas as pd
from sqlalchemy import Connection
from sqlalchemy.engine import RowMapping

from schemas import office
from schemas.directory import levels_of
from schemas.item import TRADE, occupation_title
from schemas.law.cycle import UnknownCalendarYearError
from schemas.law.deciding import last_day_of_notice
from schemas.law.rulings import OBJECTION
from schemas.policy import Policy, for_cycle
from schemas.run import Counts, Run
from tasks.gateways.disk import files
from tasks.gateways.shelf import ShelfError, front, keys
from tasks.gateways.shelf import public_notices as shelf
from tasks.gateways.shelf.public_notices import NOTICE_COLUMNS, kind_title
from tasks.letters.delivery import PUBLIC, write_drafts
from tasks.runs.run import step
from tasks.runs.waiting import still_waits
from tasks.store import applications, decisions, items, letters, public_notices
from tasks.store.database import reading
from tasks.store.directory import occupation_names
from tasks.store.leases import writing
from tasks.store.outbox import Entry


def is_over(db: Connection, granted: pd.DataFrame, policy: Policy, run: Run) -> "pd.Series[bool]":
    """Which items (columns of the decision's candidates) may be filed now: their public notice is over, or none is asked.

    Items that stand in no notice yet are put into a new one; where its last day is not known, they wait.
    """
    if not policy.publication.public_notice_workdays:
        return pd.Series(True, index=granted.index, dtype="bool")
    notices = granted[items.KEYS].merge(public_notices.shown(db, run.cycle), on=items.KEYS, how="left")
    notices.index = granted.index
    unseen = granted[notices["notice"].isna()]
    if len(unseen):
        try:
            public_notices.draft(db, unseen, run.day, last_day_of_notice(run.day, policy), run)
        except UnknownCalendarYearError:
            return pd.Series(False, index=granted.index, dtype="bool")
    return (notices["standing"] == "published") & (notices["ends_on"] < run.day.isoformat())


def cycles_due(day: date) -> list[str]:
    """Cycles whose decision has to go on because of a public notice, oldest first: one is over, or not in its place yet.

    A cycle that waits for results again is not among them: it decides nothing until they are in.
    """
    with reading() as db:
        due = public_notices.cycles_due(db, day)
    return [cycle for cycle in due if not still_waits(cycle, day)]


@step("objections-{run.cycle}")
def settle_objections(run: Run) -> Counts:
    """End the items that passed and that operators refuse after an objection; take back those they dismiss it for."""
    with writing(run) as db:
        dismissed = _dismiss(db, run)
        passed = items.of_cycle(db, run.cycle, ["passed"])
        if run.only is not None:
            passed = passed[passed["application_no"].isin(run.only)]
        if passed.empty:
            return Counts.of(settled=dismissed)
        ruled = decisions.latest(db, run.cycle, OBJECTION, passed)
        upheld = passed.merge(
            ruled[ruled["verdict"] == "refuse"], on=["application_no", "occupation_code"], suffixes=("", "_now")
        )
        ended = upheld.assign(became="refused", reason=OBJECTION, because=f"例外审批不予：{OBJECTION}")
        moved = items.move(db, ended, run, "filing")
        applications.follow_items(db, run.cycle, run)
    return Counts.of(refused=moved, settled=dismissed)


def _dismiss(db: Connection, run: Run) -> int:
    """Let items refused after an objection that was dismissed since go on as passed; returns how many."""
    refused = items.of_cycle(db, run.cycle, ["refused"])
    refused = refused[refused["reason"] == OBJECTION]
    if run.only is not None:
        refused = refused[refused["application_no"].isin(run.only)]
    if refused.empty:
        return 0
    ruled = decisions.latest(db, run.cycle, OBJECTION, refused)
    back = refused.merge(
        ruled[ruled["verdict"] == "permit"], on=["application_no", "occupation_code"], suffixes=("", "_now")
    )
    moved = items.move(db, back.assign(became="passed", reason="", because="公示异议经重新核定驳回"), run, "filing")
    applications.follow_items(db, run.cycle, run)
    return moved


@step("public-notices-{run.cycle}")
def publish_notices(run: Run) -> Counts:
    """Build and place the files of notices that are due; one that cannot be placed is tried again by the next run."""
    policy = run.policy
    if not policy.publication.public_notice_workdays:
        return Counts()
    done, failed = 0, _unannounced(run, policy)
    with reading() as db:
        due = public_notices.building(db, run.cycle)
    for notice in due:
        try:
            _publish(notice, policy, run)
            done += 1
        except (ShelfError, keys.KeyLostError, OSError, UnknownCalendarYearError) as refused:
            failed[f"notices/{notice['notice']}"] = str(refused)
    placed = Counts(done={"public_notices": done} if done else {}, failed=failed)
    return Counts.sum([placed, write_drafts(run, "public_notice", partial(_draft, run))])


def _unannounced(run: Run, policy: Policy) -> dict[str, str]:
    """Why passed items stand in no notice: the period's last day is not known."""
    with reading() as db:
        passed = items.of_cycle(db, run.cycle, ["passed"])[items.KEYS]
        announced = public_notices.shown(db, run.cycle)[items.KEYS]
    unannounced = passed.merge(announced, on=items.KEYS, how="left", indicator=True).query("_merge == 'left_only'")
    if run.only is not None:
        unannounced = unannounced[unannounced["application_no"].isin(run.only)]
    if unannounced.empty:
        return {}
    try:
        last_day_of_notice(run.day, policy)
    except UnknownCalendarYearError as unknown:
        return {f"notices/{run.cycle}": f"{len(unannounced)} items wait for their public notice: {unknown}"}
    return {}


def _publish(notice: RowMapping, policy: Policy, run: Run) -> None:
    name, began = notice["notice"], notice["published_on"]
    if began != run.day and not shelf.is_placed(run.installation.published, name):
        # nobody has seen it: the public has its whole period from the day it can
        began = run.day
        with writing(run) as db:
            public_notices.redate(db, name, began, last_day_of_notice(began, policy), run)
    with reading() as db:
        content = _content(db, name, began, policy, run)
    digest = shelf.place(run.installation.published, content, keys.signing(run.installation.root))
    front.write(run.installation.published, run.installation.root)
    with writing(run) as db:
        public_notices.placed(db, name, digest, run)
        letters.write_document(db, "public_notice", name, PUBLIC, run)


def _draft(run: Run, entry: Entry) -> str:
    """Write the notice as a Word file to be sealed; returns where, below the home."""
    home = run.installation.root
    with reading() as db:
        [notice] = [row for row in public_notices.published(db) if row["notice"] == entry.subject]
        content = _content(db, entry.subject, notice["published_on"], for_cycle(notice["cycle"]), run)
    draft = shelf.document(content, entry.number, content.office.folder(home))
    path = files.put(run.installation.outbox, f"announcements/notices/{entry.subject}/公示.docx", draft)
    return str(path.relative_to(home))


def _content(db: Connection, name: str, began: date, policy: Policy, run: Run) -> shelf.NoticeContent:
    entries = public_notices.items_of(db, name)
    names = occupation_names(db)
    grouped = entries.groupby(["application_no", *TRADE], as_index=False).agg(
        {**dict.fromkeys(public_notices.SHOWN, "first"), "level": list}
    )
    grouped["level"] = [levels_of(levels, policy) for levels in grouped["level"]]
    titles = [
        occupation_title(names.get(code, code), own_name)
        for code, own_name in zip(grouped["occupation_code"], grouped["own_name"], strict=True)
    ]
    rows = grouped.rename(columns={"level": "levels"}).assign(
        occupation_name=titles, kind=grouped["kind"].map(kind_title)
    )
    return shelf.NoticeContent(
        name=name,
        cycle=name.rpartition(".")[0],
        published_on=began,
        ends_on=last_day_of_notice(began, policy),
        policy=policy,
        office=office.read(run.installation.root),
        rows=rows.sort_values(["uscc", "application_no", *TRADE], ignore_index=True)[NOTICE_COLUMNS],
    )
