"""Rows of made data to frames of text in the columns of the input tables."""

from collections.abc import Iterable, Mapping

import pandas as pd

from schemas.submission import Table

Row = dict[str, str]


def frame(table: Table, rows: Iterable[Mapping[str, str]]) -> pd.DataFrame:
    """A frame of the table's columns, all text, a missing or empty cell missing."""
    cells = [[row.get(name) or None for name in table.names] for row in rows]
    return pd.DataFrame(cells, columns=table.names, dtype="str")
