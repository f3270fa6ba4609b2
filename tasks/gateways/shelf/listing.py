"""The files of an edition for programs: its rows (`directory.json`), their published life (`life.json`), changes (`feed.xml`)."""

import json
from pathlib import Path
from uuid import UUID, uuid5
from xml.etree.ElementTree import Element, SubElement, indent, tostring

import pandas as pd

from schemas.directory import CHANGE_KINDS, DIRECTORY_COLUMNS, OPTIONAL
from schemas.directory_changes import change_counts
from schemas.item import trade_title
from tasks.gateways.paper.visible_text import visible
from tasks.gateways.shelf.content import LIFE_COLUMNS, EarlierEdition, EditionContent
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
    """The life in an edition's folder if that is as published; None for an edition of a release without it or a changed file."""
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


FEED = "feed.xml"
#: An entry names so many changes; `changes.csv` has them all.
NAMED = 200
_ATOM = "http://www.w3.org/2005/Atom"
_SPACE = UUID("6f0f3f0e-6f0c-5d0e-9c0b-2f6b1f0f8a11")  # of this product's feeds; any fixed one


def feed(content: EditionContent) -> bytes:
    """The feed as bytes: an entry an edition, this one first."""
    office = content.office
    root = Element("feed", {"xmlns": _ATOM, "xml:lang": "zh-CN"})
    _text(root, "id", _identifier(office.authority, content.title))
    _text(root, "title", f"{content.title}：变更")
    _text(root, "updated", _moment(content.as_of.isoformat()))
    _text(SubElement(root, "author"), "name", office.authority)
    SubElement(root, "link", {"rel": "alternate", "type": "text/html", "href": f"{office.website}index.html"})
    SubElement(root, "link", {"rel": "self", "type": "application/atom+xml", "href": f"{office.website}{FEED}"})
    for edition in [(content.name, content.as_of, content.changed), *content.earlier]:
        root.append(_entry(content, edition))
    indent(root)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{tostring(root, encoding="unicode")}\n'.encode()


def _entry(content: EditionContent, edition: EarlierEdition) -> Element:
    name, as_of, changed = edition
    counts = change_counts(changed) if isinstance(changed, pd.DataFrame) else dict(changed)
    tallies = "、".join(f"{title} {counts[kind]} 项" for kind, title in CHANGE_KINDS.items() if counts.get(kind))
    entry = Element("entry")
    _text(entry, "id", _identifier(content.office.authority, content.title, name))
    _text(entry, "title", f"目录版次 {name}：{tallies or '无变更'}")
    _text(entry, "updated", _moment(as_of.isoformat()))
    page = f"{content.office.website}../{name}/index.html"
    SubElement(entry, "link", {"rel": "alternate", "type": "text/html", "href": page})
    _text(entry, "content", "\n".join(_lines(changed)), type="text")
    return entry


def _lines(changed: object) -> list[str]:
    if not isinstance(changed, pd.DataFrame):
        return []
    rows = changed.head(NAMED).fillna("").to_dict("records")
    # a name may contain line breaks, and characters that XML cannot hold
    lines = [
        visible(
            f"{CHANGE_KINDS[row['change']]}：{row['institution_name']}（{row['uscc']}），"
            f"{trade_title(row['occupation_name'], row['work_type'])}{_why(row['reason'], row['document_no'])}"
        )
        for row in rows
    ]
    return lines if len(changed) <= NAMED else [*lines, f"其余 {len(changed) - NAMED} 项见 changes.csv"]


def _why(reason: str, document_no: str) -> str:
    grounds = "，".join(part for part in (reason, document_no and f"文号 {document_no}") if part)
    return f"（{grounds}）" if grounds else ""


def _identifier(*parts: str) -> str:
    return uuid5(_SPACE, "\n".join(parts)).urn


def _moment(day: str) -> str:
    return f"{day}T00:00:00+08:00"


def _text(parent: Element, tag: str, text: str, **attributes: str) -> None:
    SubElement(parent, tag, attributes).text = "\n".join(map(visible, text.split("\n")))
