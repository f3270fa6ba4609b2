"""Whether what is published is what this installation published: signatures by its keys, and the history it tells of."""

from collections.abc import Collection
from pathlib import Path

from schemas.settings import settings
from tasks.gateways.shelf import chain, keys
from tasks.gateways.shelf.verifying import Verdict, verify
from tasks.store import history
from tasks.store.database import reading


def verified(folder: Path, given: Collection[str]) -> Verdict:
    """The verdict on `published` or one edition or public notice in it.

    It is drawn from the folder alone, and where it is this installation's own, by the keys and the history kept here.
    """
    published = settings().published.resolve()
    if not folder.resolve().is_relative_to(published):
        return verify(folder, given)
    on_record = [key.key for key in keys.known(settings().root / keys.FOLDER)]
    verdict = verify(folder, given or on_record, demanded=bool(given))
    return Verdict([*verdict.faults, *_untold(published)], verdict.notes)


def _untold(published: Path) -> list[str]:
    with reading() as db:
        return history.unlike(db, chain.heads(published))
