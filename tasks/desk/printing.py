"""Letters set for the printer, each with its delivery receipt, and the register of documents (发文登记簿) that lists them."""

from datetime import date
from pathlib import Path

import pandas as pd

from schemas import office
from schemas.errors import RefusedError
from schemas.letter_text import LETTER_KINDS
from schemas.office import TITLES
from schemas.settings import Settings
from tasks.gateways.disk import files
from tasks.gateways.paper import word
from tasks.gateways.paper.delimited import disarmed
from tasks.gateways.paper.pdf import as_pdf, joined
from tasks.gateways.paper.sheets import SheetColumn, book
from tasks.letters.render import RECEIPT, template
from tasks.store import letters, outbox
from tasks.store.database import begin, reading
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
    with begin() as db:
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
