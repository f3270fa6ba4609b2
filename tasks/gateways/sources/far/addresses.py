"""The address of a source taken apart: what may be shown of it, and the secrets in it that may not."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import SplitResult, quote, unquote, urlsplit

from schemas.settings import Settings
from tasks.gateways.sources.contents import discreet
from tasks.gateways.sources.far.bounds import SourceError

_SHORTEST_SECRET = 4
NO_ADDRESS: Final = (
    "FILING_SOURCE is no address: write scheme://host:port/path, with signs like @ as %40, in a password and behind the "
    "host"
)
"""What is said of a value that cannot be taken apart: it may hold a password anywhere, so nothing of it is repeated."""


@dataclass(frozen=True)
class Address:
    """A source's address without what is secret, and that beside it.

    `bare` keeps the query, for an API may want one; `shown` leaves it out, for people put tokens there.
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
    def shown(self) -> str:
        """How the source is named to people."""
        where = f"[{self.host}]" if ":" in self.host else self.host
        port = f":{self.port}" if self.port else ""
        return f"{self.scheme}://{where}{port}{self.path}"

    def discreet(self, sentence: str) -> str:
        """A sentence about the source, on one line, without its secrets and people's numbers: errors quote cells and names."""
        text = " ".join(sentence.split())
        query = urlsplit(self.bare).query
        given = [self.password, self.token, *(part.partition("=")[2] for part in query.split("&"))]
        for secret in _spellings(secret for secret in given if len(secret) >= _SHORTEST_SECRET):
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
