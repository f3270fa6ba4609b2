"""How much, and how long, a source far away may take."""

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from schemas.errors import FilingError
from tasks.gateways.sources.formats.limits import MAX_FILE_BYTES, MIB
from tasks.gateways.wire.retry import Attempts

_GIB: Final = 1024 * MIB
_BEAT_SECONDS: Final = 60.0


class SourceError(FilingError):
    """A source that could not be pulled: one English sentence saying why and how to mend it, without any secret."""


@dataclass(frozen=True)
class Bounds:
    """Of one pull: seconds without an answer, seconds for one page or file and for all of it; sizes in bytes.

    `attempts` counts the first one too; `sleep` waits so many seconds; `beat` is called about once a minute, so that a
    long pull is not taken for a dead one.
    """

    answer_seconds: float = 30.0
    piece_seconds: float = 600.0
    pull_seconds: float = 3600.0
    page_bytes: int = 64 * MIB
    file_bytes: int = MAX_FILE_BYTES
    all_bytes: int = 50 * _GIB
    pages: int = 100_000
    files: int = 200_000
    attempts: int = 5
    first_pause_seconds: float = 1.0
    longest_pause_seconds: float = 60.0
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic
    beat: Callable[[], None] = lambda: None


class Allowance:
    """What is left of the bounds while one pull goes on."""

    def __init__(self, bounds: Bounds) -> None:
        self.bounds = bounds
        self._until = bounds.clock() + bounds.pull_seconds
        self._beat_at = bounds.clock() + _BEAT_SECONDS
        self._bytes = bounds.all_bytes

    def check(self) -> None:
        """Raises SourceError once the time for the pull is over."""
        now = self.bounds.clock()
        if now > self._beat_at:
            self._beat_at = now + _BEAT_SECONDS
            self.bounds.beat()
        if now > self._until:
            minutes = self.bounds.pull_seconds / 60
            raise SourceError(
                f"the pull took longer than {minutes:g} minutes; the next run goes on where it stopped, "
                "FILING_SOURCE_MINUTES allows more"
            )

    def within(self, chunks: Iterable[bytes], what: str, most: int) -> Iterator[bytes]:
        """The chunks of one page or file as long as they keep to size and time; raises SourceError where they do not."""
        until, size = self.bounds.clock() + self.bounds.piece_seconds, 0
        for chunk in chunks:
            size += len(chunk)
            self._bytes -= len(chunk)
            self.check()
            if size > most:
                raise SourceError(f"{what} is larger than {most // MIB} MB: let the source divide it")
            if self._bytes < 0:
                raise SourceError(f"the source holds more than {self.bounds.all_bytes // _GIB} GB: remove what is done")
            if self.bounds.clock() > until:
                raise SourceError(f"{what} did not end within {self.bounds.piece_seconds:g} seconds: ask its operator")
            yield chunk

    def attempts(self) -> Attempts:
        """How often something is tried, and how long is waited between."""
        bounds = self.bounds
        return Attempts(bounds.attempts, bounds.first_pause_seconds, bounds.longest_pause_seconds, bounds.sleep)
