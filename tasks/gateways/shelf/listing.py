"""The directory for programs (`directory.json`), written and read; every text as it is."""

import json
from pathlib import Path

import pandas as pd

from schemas.directory import DIRECTORY_COLUMNS, OPTIONAL
from tasks.gateways.shelf.content import EditionContent
from tasks.gateways.shelf.manifest import policy_record

LISTING = "directory.json"


def listing(content: EditionContent) -> bytes:
    """`directory.json`: the edition's particulars and `rows`, one object a line; an optional cell that is blank is null."""
    head = {
        "edition": content.name,
        "cycle": content.cycle,
        "as_of": content.as_of.isoformat(),
        "policy": policy_record(content.policy),
    }
    lines = ",\n".join(json.dumps(row, ensure_ascii=False) for row in _records(content.listed))
    opening = json.dumps(head, ensure_ascii=False, indent=2).removesuffix("\n}")
    return f'{opening},\n  "rows": [\n{lines}\n  ]\n}}\n'.encode()


def read_rows(edition: Path) -> pd.DataFrame:
    """The rows of an edition's folder as text (DIRECTORY_COLUMNS), blanks as missing."""
    rows = json.loads((edition / LISTING).read_bytes())["rows"]
    return pd.DataFrame(rows, columns=DIRECTORY_COLUMNS, dtype="str")


def _records(rows: pd.DataFrame) -> list[dict[str, str | None]]:
    columns = (rows[column].tolist() for column in DIRECTORY_COLUMNS)
    records = [dict(zip(DIRECTORY_COLUMNS, row, strict=True)) for row in zip(*columns, strict=True)]
    return [{**record, **{name: record[name] or None for name in OPTIONAL}} for record in records]
