"""Publication (发布): a new edition where the directory changed, the report to the province; its files are the shelf's."""

import pandas as pd
from prefect import task
from prefect.cache_policies import NO_CACHE
from sqlalchemy import Connection


def check_directory(*a):
    return []


from schemas.cycle import cycle_id
from schemas.directory import changes
from schemas.policy import Policy, for_cycle
from schemas.run_summary import Counts, RunKey
from schemas.settings import settings
from tasks.directory import directory_on
from tasks.gateways.shelf import editions as shelf
from tasks.gateways.shelf import province
from tasks.gateways.shelf.content import EarlierEdition, EditionContent
from tasks.store import editions, register
from tasks.store.database import reading
from tasks.store.leases import writing

#: The page tells what changed in this many editions before.
EARLIER = 12


class UnpublishableError(RuntimeError):
    """An edition that does not meet what must be true of every edition."""


@task(task_run_name="draft-{run.cycle}", cache_policy=NO_CACHE)
def draft(run: RunKey) -> str | None:
    """The edition to publish now: one begun earlier, or a new one if the directory changed; None if none is due."""
    with writing(run) as db:
        newest = editions.newest(db)
        if newest is not None and newest["standing"] == "building":
            return str(newest["edition"])
        rows = directory_on(db, run.as_of)
        if newest is not None and rows.equals(editions.rows_of(db, newest["edition"])):
            return None
        if newest is not None and newest["standing"] == "waiting":
            editions.discard(db, newest["edition"], run, "目录又有变化，重新拟稿")
        return _new_edition(db, rows, run)


def _new_edition(db: Connection, rows: pd.DataFrame, run: RunKey) -> str | None:
    former = editions.newest(db, "published")
    before = editions.rows_of(db, former["edition"]) if former is not None else rows.iloc[:0]
    if former is not None and rows.equals(before):
        return None
    previous = former["edition"] if former is not None else None
    waits = _waits_because(db, before, changes(before, rows, run.as_of), for_cycle(cycle_id(run.cycle)))
    name = editions.draft(db, rows, run, previous=previous, waits_because=waits)
    return None if waits else name


def _waits_because(db: Connection, before: pd.DataFrame, changed: pd.DataFrame, policy: Policy) -> str:
    """Why an edition must wait for approval, or nothing (policy: publication.max_drop_share)."""
    lost = changed[changed["change"].isin(["expired", "removed"])]
    if len(before) and len(lost) / len(before) > policy.publication.max_drop_share:
        return f"本版将减少{len(lost)}行（上一版共{len(before)}行），超过允许的{policy.publication.max_drop_share:.0%}"
    removed = changed[changed["change"] == "removed"]
    explained = register.explained(db)
    unexplained = [
        f"{row.institution_name}（{row.occupation_code}）"
        for row in removed.itertuples(index=False)
        if (row.uscc, row.occupation_code) not in explained
    ]
    return f"以下行的移出没有记录原因：{'、'.join(unexplained)}" if unexplained else ""


@task(task_run_name="publish-{edition}", cache_policy=NO_CACHE)
def publish(run: RunKey, edition: str) -> Counts:
    """Build the edition aside, check it, move it into its place, and report it to the province (article 3(4))."""
    with reading() as db:
        content, before = content_of(db, edition)
    broken = check_directory(content.rows, before, content.changes, content.as_of)
    if broken:
        raise UnpublishableError(f"edition {edition} is not published: {'; '.join(broken)}")
    published = settings().published
    built = shelf.build(published, content)
    digest = shelf.place(published, built, edition)
    province.write_report(settings().outbox, content)
    with writing(run) as db:
        editions.placed(db, edition, digest, run)
    return Counts(done={"editions": 1, "rows": len(content.rows)})


def content_of(db: Connection, edition: str) -> tuple[EditionContent, pd.DataFrame]:
    """What an edition says, from the database alone; and the rows of the edition before it."""
    own = editions.get(db, edition)
    if own is None:
        raise LookupError(f"there is no edition {edition}")
    rows = editions.rows_of(db, edition)
    before, digest = rows.iloc[:0], None
    if own["previous"] is not None:
        former = editions.get(db, own["previous"])
        before = editions.rows_of(db, own["previous"])
        digest = former["manifest_sha256"] if former is not None else None
    content = EditionContent(
        name=edition,
        cycle=own["cycle"],
        as_of=own["as_of"],
        policy=for_cycle(cycle_id(own["cycle"])),
        rows=rows,
        changes=changes(before, rows, own["as_of"]),
        previous_manifest_sha256=digest,
        earlier=_earlier(db, own["previous"]),
    )
    return content, before


def _earlier(db: Connection, name: str | None) -> list[EarlierEdition]:
    """The editions before, newest first, each with what it changed."""
    told: list[EarlierEdition] = []
    while name is not None and len(told) < EARLIER:
        own = editions.get(db, name)
        if own is None:
            break
        rows = editions.rows_of(db, name)
        before = editions.rows_of(db, own["previous"]) if own["previous"] else rows.iloc[:0]
        told.append((name, own["as_of"], changes(before, rows, own["as_of"])))
        name = own["previous"]
    return told


@task(task_run_name="latest-{run.cycle}", cache_policy=NO_CACHE)
def point_latest(run: RunKey) -> str | None:
    """Have `published/latest` show the newest published edition; its name."""
    with reading() as db:
        newest = editions.newest(db, "published")
    if newest is None:
        return None
    shelf.point_latest(settings().published, newest["edition"])
    return str(newest["edition"])


@task(task_run_name="waiting-{run.cycle}", cache_policy=NO_CACHE)
def waiting_edition(run: RunKey) -> str | None:
    """The edition that waits for approval and why, as one sentence; None when none does."""
    with reading() as db:
        newest = editions.newest(db)
    if newest is None or newest["standing"] != "waiting":
        return None
    return f"{newest['edition']}：{newest['waits_because']}"
