"""Readings: what is remembered of a file, and how it is known for the same without being read."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from os import stat_result
from typing import Self


@dataclass(frozen=True)
class Look:
    """A file as the system sees it; times in nanoseconds. Nobody sets the time of the inode, which a swap and a copy change."""

    size: int
    modified: int
    altered: int
    inode: int

    @classmethod
    def of(cls, status: stat_result) -> Self:
        return cls(status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)

    def lay_still(self, moment: int) -> bool:
        """Whether it had not been touched at a moment: a change in the same tick of the clock would not show."""
        return max(self.modified, self.altered) < moment


@dataclass(frozen=True)
class Reading:
    """One file that was read, by its path below the folder.

    `settled`: everything in it is on record; `contents`: number of the application and hash of each thing it brought.
    """

    file: str
    look: Look
    sha256: str
    read_at: int
    settled: bool
    contents: tuple[tuple[str, str], ...]

    @property
    def numbers(self) -> frozenset[str]:
        return frozenset(number for number, _ in self.contents)

    def unsettled(self) -> "Reading":
        return replace(self, settled=False)

    def is_same(self, look: Look, now: int, sha256: Callable[[], str]) -> bool:
        """Whether the file is what it was; its times are believed unless the clock was set back since."""
        if look == self.look and self.read_at <= now:
            return True
        return look.size == self.look.size and sha256() == self.sha256


def untouched(
    readings: Iterable[Reading], looks: Mapping[str, Look], lacking: Collection[str], is_same: Callable[[Reading], bool]
) -> set[str]:
    """The files that need not be read: settled, the same, and of no application of which another file must be read.

    `looks`: the files that are there; `lacking`: applications for which a file may have come that was missing.
    """
    every_reading = list(readings)
    same = {reading.file for reading in every_reading if reading.settled and reading.file in looks and is_same(reading)}
    passed = {reading.file: reading.numbers for reading in every_reading if reading.file in same}
    concerned = {number for reading in every_reading if reading.file not in same for number in reading.numbers} | set(
        lacking
    )
    while again := [file for file, numbers in passed.items() if numbers & concerned]:
        for file in again:
            concerned |= passed.pop(file)
    return set(passed)
