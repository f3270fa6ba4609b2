"""Publication (发布): a new edition if the directory changed, its announcement and the report to the province."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from pathlib import Path

import pandas as pd
from sqlalchemy import Connection
from sqlalchemy.engine import RowMapping

from expectations.check import check_directory
from schemas import office
from schemas.directory import GONE
from schemas.directory_changes import changes
from schemas.law.cycle import cycle_id
from schemas.policy import Policy, all_policies, for_cycle
from schemas.run import Counts, Run
from tasks.gateways.disk import files
from tasks.gateways.shelf import editions as shelf
from tasks.gateways.shelf import front, keys, province, workbook
from tasks.gateways.shelf.content import EarlierEdition, EditionContent, grown, unborn
from tasks.gateways.shelf.documents import announcement
from tasks.gateways.shelf.listing import read_life
from tasks.letters.delivery import PUBLIC, write_drafts
from tasks.runs.run import moving_latest, publishing, step
from tasks.store import editions, history, letters, register, takeover
from tasks.store.database import reading
from tasks.store.directory import directory_on, directory_rows, occupation_names
from tasks.store.leases import writing
from tasks.store.outbox import Entry
from tasks.store.supervision import county_lists

#: The page lists the changes of so many earlier editions.
EARLIER = 12
_PROVINCE = "省职业技能鉴定中心"
#: Changes by which something was filed, and behind which exceptions may stand.
_FILED = ("added", "levels_changed", "renewed")

#: At most so many rows without a reason are named.
NAMED = 20


def publication(run: Run) -> Counts:
    """Publish a new edition if the directory changed and nothing makes it wait; a failure is reported and tried again."""
    with publishing() as publisher:
        published, due = Counts(), draft(run)
        while due.edition is not None:
            published = Counts.sum([published, publish(run, due.edition)])
            due = Draft() if published.failed else draft(run)
        return Counts.sum([published, point_latest(run, publisher), write_papers(run), name_faulty(run, due.faults)])


@dataclass(frozen=True)
class Draft:
    """The edition to publish now, if any, and the faults of rows kept back; None if these were not looked for."""

    edition: str | None = None
    faults: Sequence[str] | None = None


@step("faulty-{run.cycle}")
def name_faulty(run: Run, faults: Sequence[str] | None = None) -> Counts:
    """Report the rows of the directory that are not fit to be published; they stay as last published and stop no other.

    `faults`: those of a draft for the run's day, if one was made since the directory last changed.
    """
    if faults is None:
        with reading() as db:
            faults = editions.publishable(db, directory_on(db, run.day), run.day).faults
    kept_back = f"rows of the directory are kept as they were published last: {'; '.join(faults)}"
    return Counts(failed={"directory": kept_back} if faults else {})


@step("draft-{run.cycle}")
def draft(run: Run) -> Draft:
    """The edition to publish now: one begun earlier, or a new one if the directory changed."""
    with writing(run) as db:
        newest = editions.newest(db)
        if newest is not None and newest["standing"] == "building":
            return Draft(newest["edition"])
        # a run for an earlier day must not turn the directory back, unless a mistaken day is being taken back
        is_first = newest is None or history.is_restored_since(db, newest["edition"])
        day = run.day if newest is None or is_first else max(run.day, newest["as_of"])
        publishable = editions.publishable(db, directory_on(db, day), day)
        rows, faults = publishable.rows, publishable.faults if day == run.day else None
        if newest is not None and newest["standing"] == "waiting":
            if rows.equals(editions.rows_of(db, newest["edition"])):
                return Draft(_still_waiting(db, newest, run), faults)
            editions.discard(db, newest["edition"], run, "目录又有变化，重新拟稿")
        return Draft(_new_edition(db, rows, day, run), faults)


def _new_edition(db: Connection, rows: pd.DataFrame, day: date, run: Run) -> str | None:
    former = editions.newest(db, "published")
    before = editions.rows_of(db, former["edition"]) if former is not None else rows.iloc[:0]
    if rows.equals(before):  # also true of a first directory that has no row
        return None
    previous = former["edition"] if former is not None else None
    changed = changes(before, rows, day, history.causes(db, previous, None))
    waits = _waits_because(db, before, changed, run.policy)
    name = editions.draft(db, rows, day, run, previous=previous, waits_because=waits)
    return None if waits else name


def _still_waiting(db: Connection, waiting: RowMapping, run: Run) -> str | None:
    """The waiting edition, released, if its reasons to wait have gone; else None."""
    content, before = content_of(db, waiting["edition"], office.read(run.installation.root))
    because = _waits_because(db, before, content.changes, content.policy)
    if not because:
        editions.release(db, waiting["edition"], run, "移出原因已有记录")
        return str(waiting["edition"])
    editions.wait_because(db, waiting["edition"], because)
    return None


def _waits_because(db: Connection, before: pd.DataFrame, changed: pd.DataFrame, policy: Policy) -> str:
    """Why an edition must wait for approval; blank if it need not (policy: publication.release, max_drop_share)."""
    reasons = ["每一版目录须经批准"] if policy.publication.release == "approved" else []
    lost, allowed = changed["change"].isin(GONE).sum(), policy.publication.max_drop_share
    if len(before) and lost / len(before) > allowed:
        reasons.append(f"本版将减少{lost}行（上一版共{len(before)}行），超过允许的{allowed:.0%}")
    removed = changed[changed["change"] == "removed"]
    if len(removed):
        unexplained = removed[~register.explained(db, removed)]
        if len(unexplained):
            reasons.append(f"以下{len(unexplained)}行的移出没有记录原因：{_named(unexplained)}")
    return "；".join(reasons)


def _named(rows: pd.DataFrame) -> str:
    names = rows["institution_name"] + "（" + rows["uscc"] + "，" + rows["occupation_code"] + rows["work_type"] + "）"
    return "、".join(names.head(NAMED)) + ("等" if len(rows) > NAMED else "")


@step("publish-{edition}")
def publish(run: Run, edition: str) -> Counts:
    """Check the edition, build it aside and move it into its place (article 3(4)).

    An edition that fails its checks is discarded. One that cannot be written leaves the former edition in force and is
    tried again by the next run.
    """
    with reading() as db:
        content, before = content_of(db, edition, office.read(run.installation.root))
        content = replace(content, past=past_of(db, content, run.installation.published))
        traces = history.filings(db)
        lists = county_lists(db, content)
    broken = check_directory(content.rows, before, content.changes, content.as_of, all_policies(), traces)
    if broken:
        with writing(run) as db:
            editions.discard(db, edition, run, "；".join(broken))
        return Counts(failed={edition: f"edition {edition} is not published: {'; '.join(broken)}"})
    published = run.installation.published
    try:
        built = shelf.build(published, content, keys.signing(run.installation.root))
        digest = shelf.place(published, built, edition)
        workbook.write_county_lists(run.installation.outbox, content, lists)
    except (shelf.ShelfError, keys.KeyLostError, OSError) as refused:
        return Counts(failed={edition: str(refused)})
    with writing(run) as db:
        editions.placed(db, edition, digest, run)
        letters.write_document(db, "announcement", edition, PUBLIC, run)
        letters.write_document(db, "report", edition, _PROVINCE, run)
    return Counts(done={"editions": 1, "rows": len(content.rows)})


@step("papers-{run.cycle}")
def write_papers(run: Run) -> Counts:
    """Draft the announcement and the report to the province of every edition that has none yet (article 3(4))."""
    home, outbox = run.installation.root, run.installation.outbox
    writer = office.read(home)

    @cache
    def content(edition: str) -> tuple[EditionContent, pd.DataFrame]:
        with reading() as db:
            return content_of(db, edition, writer)

    def announce(entry: Entry) -> str:
        draft = announcement(content(entry.subject)[0], entry.number, writer.folder(home))
        return str(files.put(outbox, f"announcements/{entry.subject}/公告.docx", draft).relative_to(home))

    def report(entry: Entry) -> str:
        edition, before = content(entry.subject)
        with reading() as db:
            background = province.Background(
                before=before,
                taken_over=directory_rows(takeover.handed_over(db, ever=not edition.chain), occupation_names(db)),
                particulars=editions.particulars(db),
                exceptions=editions.exceptions(db, edition.changed[edition.changed["change"].isin(_FILED)]),
            )
        folder = province.write_report(outbox, edition, background, entry.number, writer.folder(home))
        return str((folder / province.COVER_LETTER).relative_to(home))

    return Counts.sum([write_drafts(run, "announcement", announce), write_drafts(run, "report", report)])


def content_of(db: Connection, edition: str, writer: office.Office) -> tuple[EditionContent, pd.DataFrame]:
    """The content of an edition, issued by the office `writer`, and the rows of the edition before it."""
    record = editions.get(db, edition)
    if record is None:
        raise LookupError(f"there is no edition {edition}")
    rows = editions.rows_of(db, edition)
    before, digest = rows.iloc[:0], None
    if record["previous"] is not None:
        former = editions.get(db, record["previous"])
        before = editions.rows_of(db, record["previous"])
        digest = former["manifest_sha256"] if former is not None else None
    content = EditionContent(
        name=edition,
        cycle=record["cycle"],
        as_of=record["as_of"],
        policy=for_cycle(cycle_id(record["cycle"])),
        office=writer,
        rows=rows,
        changes=changes(before, rows, record["as_of"], history.causes(db, record["previous"], edition)),
        previous_manifest_sha256=digest,
        earlier=_earlier(db, record["previous"]),
        chain=editions.before(db, edition),
        history=history.draft_of(db, edition),
        phones=_phones(db, record["cycle"]),
    )
    return content, before


def _phones(db: Connection, cycle: str) -> dict[str, str]:
    """Telephones by credit code, as the newest applications state them; empty where the policy does not show them."""
    if not for_cycle(cycle_id(cycle)).publication.show_phone:
        return {}
    particulars = editions.particulars(db)
    return dict(zip(particulars["uscc"], particulars["contact_phone"], strict=True))


def past_of(db: Connection, content: EditionContent, published: Path) -> pd.DataFrame:
    """The published life up to the edition before: from that edition's folder, else rebuilt from the database."""
    if not content.chain:
        return unborn()
    recorded = read_life(published / content.chain[-1][0], content.previous_manifest_sha256)
    if recorded is not None:
        return recorded
    life, before, previous = unborn(), content.rows.iloc[:0], None
    for name, as_of in content.chain:
        rows = editions.rows_of(db, name)
        life = grown(life, rows, changes(before, rows, as_of, history.causes(db, previous, name)), name, as_of)
        before, previous = rows, name
    return life


def _earlier(db: Connection, name: str | None) -> list[EarlierEdition]:
    """The editions before, newest first, each with what it changed."""
    earlier: list[EarlierEdition] = []
    while name is not None and len(earlier) < EARLIER:
        record = editions.get(db, name)
        if record is None:
            break
        rows = editions.rows_of(db, name)
        before = editions.rows_of(db, record["previous"]) if record["previous"] else rows.iloc[:0]
        causes = history.causes(db, record["previous"], name)
        earlier.append((name, record["as_of"], changes(before, rows, record["as_of"], causes)))
        name = record["previous"]
    return earlier


@step("latest-{run.cycle}")
def point_latest(run: Run, publisher: int) -> Counts:
    """Have `published/latest` show the newest published edition; `publisher`: the token of `publishing`."""
    with moving_latest(run, publisher) as db:
        newest = editions.newest(db, "published")
        if newest is None:
            return Counts()
        try:
            shelf.point_latest(run.installation.published, newest["edition"])
            front.write(run.installation.published, run.installation.root)
        except (shelf.ShelfError, OSError) as refused:
            return Counts(failed={"latest": str(refused)})
    return Counts()
