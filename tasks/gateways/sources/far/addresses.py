"""A source far away: its address taken apart into what may be shown and what may not, and how much, how long, it may take."""

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import SplitResult, quote, unquote, urlsplit

from schemas.errors import FilingError
from schemas.settings import Settings
from tasks.gateways.sources.contents import discreet
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

    def within(self, chunks: Iterable[bytes], subject: str, most: int) -> Iterator[bytes]:
        """The chunks of one page or file as long as they keep to size and time; raises SourceError where they do not."""
        until, size = self.bounds.clock() + self.bounds.piece_seconds, 0
        for chunk in chunks:
            size += len(chunk)
            self._bytes -= len(chunk)
            self.check()
            if size > most:
                raise SourceError(f"{subject} is larger than {most // MIB} MB: let the source divide it")
            if self._bytes < 0:
                raise SourceError(f"the source holds more than {self.bounds.all_bytes // _GIB} GB: remove what is done")
            if self.bounds.clock() > until:
                raise SourceError(
                    f"{subject} did not end within {self.bounds.piece_seconds:g} seconds: ask its operator"
                )
            yield chunk

    def attempts(self) -> Attempts:
        """How often something is tried, and how long is waited between."""
        bounds = self.bounds
        return Attempts(bounds.attempts, bounds.first_pause_seconds, bounds.longest_pause_seconds, bounds.sleep)


_SHORTEST_SECRET = 4
NO_ADDRESS: Final = (
    "FILING_SOURCE is no address: write scheme://host:port/path, with signs like @ as %40, in a password and behind the "
    "host"
)
"""What is said of a value that cannot be taken apart: it may hold a password anywhere, so nothing of it is repeated."""


@dataclass(frozen=True)
class Address:
    """A source's address without what is secret, and that beside it.

    `bare` keeps the query, for an API may want one; `public_name` leaves it out, for people put tokens there.
    """

    scheme: str
    host: str
    port: int | None
    path: str
    bare: str = field(repr=False)
    username: str = ""
    password: str = field(default="", repr=False)
    token: str = field(default="", repr=False)
    host_key: str = ""

    @property
    def public_name(self) -> str:
        """How the source is named to people."""
        where = f"[{self.host}]" if ":" in self.host else self.host
        port = f":{self.port}" if self.port else ""
        return f"{self.scheme}://{where}{port}{self.path}"

    def discreet(self, sentence: str) -> str:
        """A sentence about the source, on one line, without its secrets and people's numbers: errors quote cells and names."""
        text = " ".join(sentence.split())
        query = urlsplit(self.bare).query
        secrets = [self.password, self.token, *(part.partition("=")[2] for part in query.split("&"))]
        for secret in _spellings(secret for secret in secrets if len(secret) >= _SHORTEST_SECRET):
            text = text.replace(secret, "***")
        return discreet(text)


def address(settings: Settings) -> Address:
    """Where FILING_SOURCE points, with the credentials of the environment; those of their own variables come first."""
    text = settings.source.get_secret_value().strip()
    parts = _split(text)
    credentials = parts.netloc.rpartition("@")[0]
    return Address(
        scheme=parts.scheme.lower(),
        host=parts.hostname or "",
        port=parts.port,
        path=parts.path,
        bare=text.replace(f"{credentials}@", "", 1) if credentials else text,
        username=settings.source_username or unquote(parts.username or ""),
        password=settings.source_password.get_secret_value() or unquote(parts.password or ""),
        token=settings.source_token.get_secret_value(),
        host_key=settings.source_host_key,
    )


def _split(text: str) -> SplitResult:
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        raise SourceError(NO_ADDRESS) from None
    # a password with / ? or # in it ends the host too early: what stands before is no port, what stands behind no path
    if ":" in parts.netloc.rpartition("]")[2] and "@" in text.partition(parts.netloc)[2]:
        raise SourceError(NO_ADDRESS)
    return parts


def _spellings(secrets: Iterable[str]) -> list[str]:
    """Each secret as it is and as an address spells it, longest first."""
    every = {
        spelled for secret in secrets for spelled in (secret, quote(secret, safe=""), quote(secret), unquote(secret))
    }
    return sorted(every, key=len, reverse=True)
