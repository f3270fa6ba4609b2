"""Pages of an HTTP API: what one says about itself, and all of them read as one pull."""

import json
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from schemas.submission import APPLICATIONS, Table
from tasks.gateways.sources.assembling import assemble
from tasks.gateways.sources.cells.column_map import ColumnMap
from tasks.gateways.sources.contents import FileContent, Pull, QuarantinedFile, UnreadableError
from tasks.gateways.sources.doors import NAMED, Door
from tasks.gateways.sources.formats import nested_json, plain_files


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
    seen = _Seen()
    for name in names:
        try:
            data = plain_files.content(root, name, root / name)
            if seen.again(data):
                continue
            content = nested_json.read_json(name, data, None, column_map.names, seen.is_new)
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
        known = digest in self._digests
        self._digests.add(digest)
        return known


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
