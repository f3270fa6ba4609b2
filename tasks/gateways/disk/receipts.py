"""Receipts (回执): the fate of each file that came in, from its arrival at a door to the version it was taken as.

One ledger in the home, a line an event, and beside what was taken the sentences about it.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Final, Self

from tasks.gateways.disk import files

#: The file that lies beside files taken and says what they were taken as.
RECEIPT: Final = "回执.txt"
_LEDGER: Final = "receipts.jsonl"
#: A page reads only so much of the ledger, from its end.
_TAIL_BYTES: Final = 2_097_152


@dataclass(frozen=True)
class Receipt:
    """One file: number, door and path there, its name as it came, size and SHA-256, when, who brought it, what it became.

    `by` is blank for a file that was not brought through the desk; `became` until a run has read it.
    """

    number: str
    door: str
    file: str
    original: str
    size: int
    sha256: str
    at: str
    by: str
    became: str = ""


def arrived(home: Path, door: str, file: str, original: str, size: int, digest: str, by: str) -> Receipt:
    """Note that a file came in, and give it its number."""
    receipt = _receipt(door, file, original, size, digest, by)
    _append(home, receipt)
    return receipt


def _receipt(door: str, file: str, original: str, size: int, digest: str, by: str) -> Receipt:
    now = datetime.now(UTC)
    # the same content may come at one time under two names, and to two doors
    mark = sha256(f"{door}/{file}\n{digest}".encode("utf-8", "surrogatepass")).hexdigest()
    number = f"{now:%Y%m%d%H%M%S}-{mark[:8]}"
    return Receipt(number, door, file, original, size, digest, now.isoformat(timespec="seconds"), by)


class Ledger:
    """The receipts of a home, read once, for a run that says of many files what they became.

    Notes are written together, at the end of a `with`.
    """

    def __init__(self, home: Path) -> None:
        self._home = home
        self._new: list[Receipt] = []
        self._known = {_place_of(receipt): receipt for receipt in reversed(newest(home))}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_raised: object) -> None:
        new, self._new = self._new, []
        _append(self._home, *new)

    def who_brought(self, path: Path, door: str, file: str) -> str:
        """Who brought a file that still lies at its door; blank where it has no receipt."""
        receipt = self._known.get((door, file, files.file_sha256(path)))
        return receipt.by if receipt else ""

    def became(self, path: Path, door: str, file: str, sentence: str) -> None:
        """Note what a file that still lies at its door became; the same again is noted once."""
        if not files.is_plain(path):
            return
        digest = files.file_sha256(path)
        receipt = self._known.get((door, file, digest))
        if receipt is None:
            receipt = _receipt(door, file, path.name, path.stat().st_size, digest, "")
            self._new.append(receipt)
        if receipt.became == sentence:
            return
        became = self._known[door, file, digest] = replace(receipt, became=sentence)
        self._new.append(became)


def _place_of(receipt: Receipt) -> tuple[str, str, str]:
    """The key by which a file at a door is recognised: the door, its path there and its SHA-256."""
    return receipt.door, receipt.file, receipt.sha256


def newest(home: Path, most: int = 0) -> list[Receipt]:
    """The newest receipts as they stand now, newest first; all that the ledger's end holds where `most` is 0."""
    place = home / _LEDGER
    if not place.is_file():
        return []
    with place.open("rb") as ledger:
        ledger.seek(max(place.stat().st_size - _TAIL_BYTES, 0))
        lines = ledger.read().decode("utf-8", "replace").splitlines()
    standing: dict[tuple[str, ...], Receipt] = {}
    for receipt in _readable(lines):
        # a later line of a receipt keeps its place; older numbers may be those of several files
        standing[receipt.number, *_place_of(receipt)] = receipt
    return list(standing.values())[::-1][: most or None]


def numbers(home: Path) -> dict[tuple[str, str], str]:
    """The number of the newest receipt by the content's SHA-256 and the file's path at its door; by either path where blank."""
    receipts = list(reversed(newest(home)))
    by_content = {(receipt.sha256, ""): receipt.number for receipt in receipts}
    return by_content | {(receipt.sha256, receipt.file): receipt.number for receipt in receipts}


def _readable(lines: list[str]) -> Iterator[Receipt]:
    """The receipts of these lines, without a line that is broken, by a full disk or at the ledger's cut beginning."""
    for line in lines:
        try:
            yield Receipt(**json.loads(line))
        except (ValueError, TypeError):
            continue


def _append(home: Path, *new: Receipt) -> None:
    if new:
        files.append_lines(home / _LEDGER, *(json.dumps(vars(receipt), ensure_ascii=False) for receipt in new))


def lay_beside(folder: Path, line: str, unsettled: set[str]) -> None:
    """Add a sentence to the receipts beside what was taken, once; `unsettled`: as `files.put` takes it."""
    place = folder / RECEIPT
    before = place.read_text("utf-8").splitlines() if place.exists() else []
    if line not in before:
        listed = "".join(f"{entry}\n" for entry in [*before, line])
        files.put(folder, RECEIPT, listed.encode(), private=True, unsettled=unsettled)
