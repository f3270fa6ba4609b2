"""`feed.xml` (Atom): what each edition changed, for readers who subscribe."""

from uuid import UUID, uuid5
from xml.etree.ElementTree import Element, SubElement, indent, tostring

import pandas as pd

from schemas.directory import CHANGE_KINDS, change_counts
from schemas.item import trade_title
from tasks.gateways.paper.visible_text import visible
from tasks.gateways.shelf.content import EarlierEdition, EditionContent

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
    # a name may bring line breaks along, and what XML cannot hold
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
