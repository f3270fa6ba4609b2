"""The register of documents (发文登记簿) as a list and as a workbook."""

from datetime import date

import pandas as pd

from schemas.office import TITLES
from tasks.gateways.paper.delimited import disarmed
from tasks.gateways.paper.sheets import SheetColumn, book

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
