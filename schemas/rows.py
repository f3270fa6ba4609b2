"""The rows of a frame as plain Python, several times faster than pandas gives them: it makes a scalar of each Arrow cell."""

from collections.abc import Iterator
from typing import Any

import pandas as pd


def tuples(frame: pd.DataFrame) -> Iterator[tuple[Any, ...]]:
    """Each row as a tuple of its cells, in the order of the columns; missing text stays NaN."""
    return zip(*(column.to_list() for _, column in frame.items()), strict=True)


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Each row by the names of its columns; missing text stays NaN."""
    names = [str(name) for name in frame.columns]
    return [dict(zip(names, cells, strict=True)) for cells in tuples(frame)]
