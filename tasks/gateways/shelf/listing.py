"""The JSON files of an edition, written and read: the directory (`directory.json`) and its published life (`life.json`)."""

import json
from pathlib import Path

import pandas as pd

from schemas.directory import DIRECTORY_COLUMNS, OPTIONAL
from schemas.published_life import LIFE_COLUMNS
from tasks.gateways.shelf.content import EditionContent
from tasks.gateways.shelf.manifest import MANIFEST, policy_record, read_manifest, sha256

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


LIFE = "life.json"


def life_file(content: EditionContent) -> bytes:
    """Columns and `rows`, one row a line, in the order of LIFE_COLUMNS."""
    columns = (content.life[column].tolist() for column in LIFE_COLUMNS)
    lines = ",\n".join(json.dumps(row, ensure_ascii=False) for row in zip(*columns, strict=True))
    head = json.dumps({"edition": content.name, "columns": LIFE_COLUMNS}, ensure_ascii=False).removesuffix("}")
    return f'{head}, "rows": [\n{lines}\n]}}\n'.encode()


def read_life(edition: Path, manifest_sha256: str | None) -> pd.DataFrame | None:
    """The life an edition's folder tells, if it is the one published; None for a release without it or a changed file."""
    try:
        manifest = (edition / MANIFEST).read_bytes()
        content = (edition / LIFE).read_bytes()
        digest = read_manifest(manifest)["files"].get(LIFE)
    except (OSError, ValueError):
        return None
    if sha256(manifest) != manifest_sha256 or sha256(content) != digest:
        return None
    table = json.loads(content)
    return (
        pd.DataFrame(table["rows"], columns=table["columns"], dtype="str") if table["columns"] == LIFE_COLUMNS else None
    )
