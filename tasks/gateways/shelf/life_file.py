"""`life.json`: the published life of the directory as the edition's folder keeps it, for the next edition to continue."""

import json
from pathlib import Path

import pandas as pd

from schemas.published_life import LIFE_COLUMNS
from tasks.gateways.shelf.content import EditionContent
from tasks.gateways.shelf.manifest import MANIFEST, read_manifest, sha256

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
        known = read_manifest(manifest)["files"].get(LIFE)
    except (OSError, ValueError):
        return None
    if sha256(manifest) != manifest_sha256 or sha256(content) != known:
        return None
    table = json.loads(content)
    return (
        pd.DataFrame(table["rows"], columns=table["columns"], dtype="str") if table["columns"] == LIFE_COLUMNS else None
    )
