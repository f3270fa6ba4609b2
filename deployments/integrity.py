"""Whether database, history and shelf tell one story: each is held against the others, and against copies of its head."""

import json
from collections.abc import Collection, Iterator
from datetime import date
from pathlib import Path

from sqlalchemy import Connection

from schemas.run import Head
from schemas.settings import Settings, settings
from tasks.gateways.shelf import chain, keys
from tasks.gateways.shelf import public_notices as shelf_notices
from tasks.gateways.shelf.chain import Verdict, verify
from tasks.gateways.shelf.editions import LATEST
from tasks.gateways.shelf.manifest import MANIFEST
from tasks.store import editions, grounds, history, public_notices, replay, seals
from tasks.store.database import reading

#: Where copies of the history's head lie in a home, and what they are called there.
_COPIES = ("runs/*.json", f"published/*/{MANIFEST}", "outbox/province/*/report.json")


def faults(db: Connection, installation: Settings, day: date) -> dict[str, list[str]]:
    """One sentence for each fault, by what it concerns: history, register, records, rules, editions.

    The register is not rebuilt from a history whose chain is broken: its facts may be anything.
    """
    broken = next(history.broken_links(db), None)
    copies = history.unlike(db, dict(_heads(installation.root)))
    return {
        "history": [*([broken] if broken else []), *copies, *history.strays(db), *history.uncounted(db)],
        "register": [] if broken else replay.differences(db, day),
        "records": seals.differences(db),
        "rules": grounds.differences(db, installation),
        "editions": _shelf_faults(db, installation.published),
    }


def _heads(root: Path) -> Iterator[tuple[str, Head]]:
    """Every copy of the history's head below the home, by its path there; files that cannot be read are others' matter."""
    for pattern in _COPIES:
        for path in sorted(root.glob(pattern)):
            try:
                head = json.loads(path.read_text("utf-8"))["history"]
                yield path.relative_to(root).as_posix(), Head.model_validate(head)
            except (OSError, ValueError, LookupError, TypeError):
                continue


def _shelf_faults(db: Connection, published: Path) -> list[str]:
    """One sentence for each fault of the shelf, and for each edition or notice that is on one side alone."""
    edition_digests = {edition["edition"]: edition["manifest_sha256"] for edition in editions.published(db)}
    placing = editions.newest(db, "building")
    notice_digests = {notice["notice"]: notice["manifest_sha256"] for notice in public_notices.published(db)}
    begun = {notice["notice"] for notice in public_notices.unplaced(db)}
    # a run that was killed between placing and noting it finds its edition there
    expected = {*edition_digests, *([placing["edition"]] if placing is not None else [])}
    return [
        *chain.verify_chain(published, edition_digests),
        *(
            f"edition {name} lies below {published} and nobody published it: move it away"
            for name in chain.edition_names(published)
            if name not in expected
        ),
        *_latest_faults(db, published),
        *shelf_notices.faults(published, notice_digests),
        *(
            f"public notice {name} lies below {published} and nobody published it: move it away"
            for name in shelf_notices.names(published)
            if name not in {*notice_digests, *begun}
        ),
    ]


def _latest_faults(db: Connection, published: Path) -> list[str]:
    newest, latest = editions.newest(db, "published"), published / LATEST
    if newest is None or not latest.is_symlink() or latest.readlink().name in (newest["edition"], ""):
        return []
    return [f"{latest} shows {latest.readlink().name} and the newest edition is {newest['edition']}: run a publication"]


def verified(folder: Path, trusted_keys: Collection[str]) -> Verdict:
    """The verdict on `published` or one edition or public notice in it.

    It is drawn from the folder alone, and where it is this installation's own, by the keys and the history kept here.
    """
    published = settings().published.resolve()
    if not folder.resolve().is_relative_to(published):
        return verify(folder, trusted_keys)
    on_record = [key.key for key in keys.public_keys(settings().root / keys.FOLDER)]
    verdict = verify(folder, trusted_keys or on_record, demanded=bool(trusted_keys))
    return Verdict([*verdict.faults, *_unpublished(published)], verdict.notes)


def _unpublished(published: Path) -> list[str]:
    with reading() as db:
        return history.unlike(db, chain.heads(published))
