"""Letters by post: printed together for the signature, then sent off (寄出) and arrived (送达), as a person states it."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Literal

import pandas as pd
from sqlalchemy import RowMapping

from schemas import office
from schemas.errors import RefusedError, WrongUseError
from schemas.letter_text import LETTER_KINDS
from schemas.office import TITLES
from schemas.settings import Settings
from tasks.gateways.disk import files
from tasks.gateways.paper import word
from tasks.gateways.paper.delimited import disarmed
from tasks.gateways.paper.pdf import as_pdf, joined
from tasks.gateways.paper.sheets import SheetColumn, book
from tasks.letters.render import RECEIPT, template
from tasks.runs.run import begin, last_cycle
from tasks.store import database, letters, outbox, postings
from tasks.store.database import reading
from tasks.store.leases import writing
from tasks.store.outbox import LETTERS, Entry


class LostLetterError(RefusedError, LookupError):
    """A letter's file is gone from the home: one sentence."""


def print_letters(installation: Settings, target: Path, cycle: str | None) -> int:
    """Set all letters not printed yet, of one cycle or of all, into a PDF file; returns how many.

    Letters are noted as printed only when the file is whole. Raises NoOfficeSuiteError, LostLetterError, OSError.
    """
    with reading() as db:
        due = letters.unprinted(db, cycle)
        entries = [outbox.read(db, LETTERS, occasion) for occasion, _ in due]
    if not due:
        return 0
    name, source = template(RECEIPT, office.read(installation.root).folder(installation.root))
    pages: dict[str, bytes] = {}
    for place, ((_, receipt), entry) in enumerate(zip(due, entries, strict=True)):
        pages[f"{place:06}-letter"] = _file(installation.root / receipt)
        pages[f"{place:06}-receipt"] = word.fill(source, _receipt(entry), name)
    whole = as_pdf(pages)
    files.put(target.resolve().parent, target.name, joined(whole[key] for key in sorted(whole)))
    with database.begin() as db:
        letters.printed(db, [occasion for occasion, _ in due])
    return len(due)


def _file(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError as gone:
        raise LostLetterError(f"the letter {path} is gone: restore it from a backup, then print again") from gone


def _receipt(entry: Entry) -> dict[str, str]:
    fields = ("institution_name", "issuer", "phone", "address", "postcode")
    content = {field: str(entry.content.get(field, "")) for field in fields}
    return {**content, "title": LETTER_KINDS[entry.kind].title, "letter_no": entry.number}


#: Columns with their headers and widths.
_COLUMNS = {
    "number": ("文号", 26),
    "title": ("文书", 20),
    "addressee": ("发往", 40),
    "subject": ("申报编号或信用代码", 24),
    "cycle": ("批次", 12),
    "written_on": ("日期", 14),
    "printed_at": ("打印时间", 20),
    "file": ("文件", 70),
}


def titled(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows of `tasks.store.letters.register` with the Chinese title of each kind."""
    titles = rows["kind"].map(TITLES)
    return rows.assign(title=titles.fillna(rows["kind"]), printed_at=rows["printed_at"].astype("str").str[:16])[
        [*_COLUMNS]
    ]


def register_csv(rows: pd.DataFrame) -> str:
    """The register as CSV, its columns by their names."""
    return disarmed(titled(rows), verbatim=True).to_csv(index=False, lineterminator="\n")


def register_workbook(rows: pd.DataFrame, day: date) -> bytes:
    """The register as a workbook."""
    with book("发文登记簿", day) as (made, finished):
        columns = [SheetColumn(title, width) for title, width in _COLUMNS.values()]
        made.sheet("发文登记簿", columns).rows(titled(rows).itertuples(index=False, name=None), filters=True)
    return finished.getvalue()


Posted = Literal["posted", "served"]


class FuturePostingError(WrongUseError):
    """A day that is still to come."""


class ImpossiblePostingError(WrongUseError):
    """A letter that is not there, or a day that is not in the order of a letter's days."""


def record_posting(occasions: Sequence[str], act: Posted, on: date, by: str, as_of: date | None = None) -> int:
    """Put on record that letters were sent off, or arrived, on a day, or correct the day; returns how many that was new of.

    All are noted or none. Raises FuturePostingError, ImpossiblePostingError.
    """
    with begin(last_cycle(as_of), as_of) as run:
        if on > run.day:
            chinese = f"{on} 还没有到：请在当日或以后登记"
            raise FuturePostingError(f"{on} is still to come: record it on that day or after it", chinese=chinese)
        with writing(run) as db:
            letters = postings.of(db, occasions)
            if unknown := sorted(set(occasions) - {letter["occasion"] for letter in letters}):
                chinese = f"没有这份文书（{unknown[0]}）：请重新打开“文书”一页后再选"
                raise ImpossiblePostingError(
                    f"there is no letter {unknown[0]}: choose one of the list", chinese=chinese
                )
            for letter in letters:
                _assert_in_order(letter, act, on)
            return postings.note(db, occasions, f"{act}_on", on, run, by)


def _assert_in_order(letter: RowMapping, act: Posted, on: date) -> None:
    """A letter is written, then sent off, then arrives, each on the day of the one before or later."""
    name = letter["number"] or letter["occasion"]
    written_on, posted_on, served_on = letter["written_on"], letter["posted_on"], letter["served_on"]
    if on < written_on:
        chinese = f"“{name}”的日期是 {written_on}，寄出和送达不会早于它：请核对所填的 {on}"
        raise ImpossiblePostingError(
            f"letter {name} is of {written_on}, later than {on}: check the day", chinese=chinese
        )
    if act == "served" and posted_on and on < posted_on:
        chinese = f"“{name}”于 {posted_on} 寄出，送达不会早于它：请核对所填的 {on}，或先更正寄出日期"
        raise ImpossiblePostingError(
            f"letter {name} was sent off on {posted_on}, later than {on}: check both", chinese=chinese
        )
    if act == "posted" and served_on and on > served_on:
        chinese = f"“{name}”于 {served_on} 送达，寄出不会晚于它：请核对所填的 {on}，或先更正送达日期"
        raise ImpossiblePostingError(
            f"letter {name} arrived on {served_on}, before {on}: check both days", chinese=chinese
        )
