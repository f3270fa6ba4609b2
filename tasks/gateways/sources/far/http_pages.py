"""Pages of an HTTP API: one answer read within bounds, what it says about itself, and all of them read as one pull."""

import json
import logging
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import httpx

from schemas.submission import APPLICATIONS, Table
from tasks.gateways.sources.assembling import assemble
from tasks.gateways.sources.cells.column_map import ColumnMap
from tasks.gateways.sources.contents import FileContent, Pull, QuarantinedFile, UnreadableError
from tasks.gateways.sources.doors import NAMED, Door
from tasks.gateways.sources.far.addresses import Address, Allowance, SourceError
from tasks.gateways.sources.formats import nested_json, plain_files
from tasks.gateways.wire.retry import AttemptFailed, codings, retry_after


@dataclass(frozen=True)
class PageSummary:
    """What a page says: how many records it has, and where the next one is.

    `digest` is of the records alone: what is around them may tell the time. `trouble` is why it cannot be
    understood, "" where it can; with it the page is worth asking for again.
    """

    records: int = 0
    next: str = ""
    digest: str = ""
    trouble: str = ""


def read_summary(body: bytes, column_map: ColumnMap) -> PageSummary:
    """What the page says of itself."""
    try:
        top = nested_json.loaded("page", body)
    except UnreadableError:
        return PageSummary(trouble="is not JSON")
    arrays = _arrays(top, column_map)
    if arrays is None:
        return PageSummary(trouble="holds no table that is known")
    words = nested_json.flat(column_map.names, top) if isinstance(top, dict) else {}
    pages = column_map.pages
    digest = sha256(json.dumps(arrays, sort_keys=True).encode()).hexdigest()
    return PageSummary(sum(map(len, arrays)), _word(words.get(pages.next)), digest)


def pull_pages(root: Path, names: list[str], column_map: ColumnMap, door: Door = NAMED) -> Pull:
    """All pages as one pull of what this door brings; `names` are their paths below the root, in order.

    A page or an application that came twice is one: pages overlap when the list changes while it is read. Two
    different ones of an application are left to be set aside (contract section 5).
    """
    contents: list[FileContent] = []
    refused: list[tuple[QuarantinedFile, bool]] = []
    rows_seen = _Seen()
    for name in names:
        try:
            data = plain_files.content(root, name, root / name)
            if rows_seen.again(data):
                continue
            content = nested_json.read_json(name, data, None, column_map.names, rows_seen.is_new)
            contents.append(column_map.translated(door.admitted(content)))
        except UnreadableError as unreadable:
            refused.append((QuarantinedFile(name, unreadable.reason, path=root / name), False))
    return assemble(root, contents, refused)


class _Seen:
    """What pages have brought already."""

    def __init__(self) -> None:
        self._digests: set[bytes] = set()

    def is_new(self, table: Table, record: Any) -> bool:
        """Whether a record did not come before; rows beside the applications may be alike."""
        return table is not APPLICATIONS or not self.again(
            json.dumps(record, sort_keys=True, ensure_ascii=True).encode()
        )

    def again(self, body: bytes) -> bool:
        """Whether a page or an application has come before."""
        digest = sha256(body).digest()
        is_known = digest in self._digests
        self._digests.add(digest)
        return is_known


def _arrays(top: Any, column_map: ColumnMap) -> list[list[Any]] | None:
    """The arrays of tables a page holds; None where it holds none."""
    if isinstance(top, list):
        return [top]
    words = nested_json.flat(column_map.names, top) if isinstance(top, dict) else {}
    named = [value for word, value in words.items() if column_map.names.table_named(word)]
    if any(column_map.names.column_named(APPLICATIONS.name, word) == "application_no" for word in words):
        return [[top]]
    return [value for value in named if isinstance(value, list)] or None


def _word(value: object) -> str:
    return str(value).strip() if isinstance(value, (str, int)) and not isinstance(value, bool) else ""


_CREDENTIALS: Final = {httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN}
_GONE: Final = {httpx.codes.NOT_FOUND, httpx.codes.GONE}
_RETRIED: Final = {httpx.codes.REQUEST_TIMEOUT, httpx.codes.TOO_EARLY, httpx.codes.TOO_MANY_REQUESTS}


@dataclass(frozen=True)
class Answer:
    """A page: its bytes, its ETag, and the next page's address where a Link header gives one; or `unchanged`."""

    body: bytes = b""
    etag: str = ""
    next: str = ""
    unchanged: bool = False


class Asking:
    """Asks one API, with its credentials, for one page after another."""

    def __init__(self, where: Address, allowance: Allowance) -> None:
        self._where, self._allowance = where, allowance
        # it tells every address with its query, and people put tokens there
        logging.getLogger("httpx").setLevel(logging.WARNING)
        self.client = httpx.Client(
            timeout=allowance.bounds.answer_seconds,
            follow_redirects=False,
            auth=(where.username, where.password) if where.username and not where.token else None,
            headers={
                "Accept": "application/json",
                "Accept-Encoding": "gzip",
                **({"Authorization": f"Bearer {where.token}"} if where.token else {}),
            },
        )

    def page(self, address: str, etag: str = "") -> Answer:
        """The page at this address, or that it is unchanged since that ETag.

        Asked again after 408, 425, 429, 5xx and a lost or cut answer, with doubled pauses or as long as Retry-After
        says; raises SourceError for any other answer, and once the attempts or the bounds are used up.
        """
        bounds = self._allowance.bounds
        try:
            return self._allowance.attempts().of(lambda: self._attempt(address, etag))
        except AttemptFailed as lost:
            wait = lost.retry_after_seconds or 0
            if wait > bounds.longest_pause_seconds:
                raise SourceError(f"{self._where.public_name} asks to be left alone for {wait:.0f} seconds") from lost
            raise SourceError(f"{self._where.public_name} {lost}") from lost

    def _attempt(self, address: str, etag: str) -> Answer:
        self._allowance.check()
        if not etag.isascii():
            etag = ""  # some servers give one that no request may carry
        try:
            with self.client.stream("GET", address, headers={"If-None-Match": etag} if etag else None) as response:
                self._assert_answered(response)
                if etag and response.status_code == httpx.codes.NOT_MODIFIED:
                    return Answer(unchanged=True)
                if len(codings(response)) > 1:
                    raise SourceError(f"{self._where.public_name} packs a page more than once: ask its operator")
                bounds = self._allowance.bounds
                body = b"".join(self._allowance.within(response.iter_bytes(), "a page", bounds.page_bytes))
                following = response.links.get("next", {}).get("url", "")
                return Answer(body, response.headers.get("ETag", ""), following)
        except (httpx.UnsupportedProtocol, httpx.LocalProtocolError, httpx.InvalidURL, UnicodeError) as wrong:
            raise SourceError(f"{self._where.public_name} cannot be asked: {wrong}") from wrong
        except httpx.HTTPError as lost:
            raise AttemptFailed(f"did not answer: {lost or type(lost).__name__}", retryable=True) from lost

    def _assert_answered(self, response: httpx.Response) -> None:
        code = response.status_code
        if response.is_success or code == httpx.codes.NOT_MODIFIED:
            return
        if code in _RETRIED or response.is_server_error:
            raise AttemptFailed(f"answered {code}", retryable=True, retry_after_seconds=retry_after(response))
        remedies: dict[int, str] = {
            **dict.fromkeys(_CREDENTIALS, "check FILING_SOURCE_TOKEN, or FILING_SOURCE_USERNAME and _PASSWORD"),
            **dict.fromkeys(_GONE, "check the path in FILING_SOURCE"),
        }
        moved = "let FILING_SOURCE name the address it has moved to" if response.is_redirect else "ask its operator"
        raise SourceError(f"{self._where.public_name} answered {code}: {remedies.get(code, moved)}")
