"""A dry run (试运行): everything is worked out, nothing is kept, sent or published."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from pydantic import SecretStr

from schemas.settings import Settings, settings, using
from tasks.gateways.evaluators.dispatch_tokens import known_key
from tasks.store import database


@contextmanager
def rehearsed(rehearse: bool) -> Iterator[None]:
    """In a dry run: what is written to the database is undone, what would be sent or published goes to a spare home."""
    if not rehearse:
        yield
        return
    with (
        TemporaryDirectory(prefix="filing-rehearsal-") as spare,
        using(_rehearsing(settings(), Path(spare))),
        database.rehearsal(),
    ):
        yield


def _rehearsing(real: Settings, spare: Path) -> Settings:
    """An installation like the real one, but with a home of no consequence, and nothing leaves it."""
    places = {"database_url": real.database, "inbox_folder": real.inbox, "desk_folder": real.desk}
    ways = {"evaluation_channel": "folder", "letter_channel": "folder"}
    # results that lie in the inbox were signed with the key of the real home; where it has none, the spare one makes its own
    key = {"result_key": SecretStr(known_key(real))}
    return real.model_copy(update={"home": spare, **places, **ways, **key})
