"""The announcement of an edition (公告) and the letter to the province, from their Word templates."""

from importlib.resources import files
from itertools import groupby
from pathlib import Path
from typing import Any

from schemas.directory import CHANGE_KINDS, levels_text
from schemas.item import trade_title
from schemas.office import Office
from tasks.gateways.paper.word import fill
from tasks.gateways.shelf.content import EditionContent

ANNOUNCEMENT, COVER_LETTER = "announcement.docx", "cover_letter.docx"

#: Above so many rows a Word table serves nobody: the annex then names the workbook instead.
ANNEX_ROWS = 3000


def announcement(content: EditionContent, number: str = "", templates: Path | None = None) -> bytes:
    """The announcement (公告): institutions by type, what changed, the directory as annex; a blank number is left open."""
    long = len(content.rows) > ANNEX_ROWS
    fields = {
        **_common(content, number),
        "by_type": _by_type(content),
        "changed": _changed(content),
        "annex": [] if long else _annex(content),
        "instead_of_annex": _instead_of_annex(content, long=long),
    }
    return fill(template(ANNOUNCEMENT, templates), fields, ANNOUNCEMENT)


def cover_letter(content: EditionContent, number: str = "", templates: Path | None = None) -> bytes:
    """The letter that goes with a report to the province: counts by kind, and how many institutions await a code."""
    fields = {
        **_common(content, number),
        "issuer": content.office.name,  # the authority files and publishes; what else is sent, the office signs
        "before": content.rows_before,
        "counts": [{"title": CHANGE_KINDS[kind], "count": count} for kind, count in content.counts.items() if count],
        "awaiting": int((content.institutions["institution_code"] == "").sum()),
    }
    return fill(template(COVER_LETTER, templates), fields, COVER_LETTER)


def template(name: str, folder: Path | None) -> bytes:
    """A Word template: the office's own from its folder, else the shipped one."""
    if folder is not None and (folder / name).is_file():
        return (folder / name).read_bytes()
    return (files("tasks.gateways.shelf") / "templates" / name).read_bytes()


def signature(office: Office, number: str = "") -> dict[str, Any]:
    """Who signs a document, under which number, and whom to ask; a blank number is left open."""
    return {
        "issuer": office.authority,
        "letter_no": number,
        **office.model_dump(include={"contact", "phone", "address", "postcode", "email"}),
    }


def _common(content: EditionContent, number: str) -> dict[str, Any]:
    return {
        **signature(content.office, number),
        "title": content.title,
        "city": content.policy.title,
        "document": content.policy.document,
        "edition": content.name,
        "cycle": content.cycle,
        "as_of": content.as_of,
        "institutions": len(content.institutions),
        "occupations": len(content.rows),
    }


def _by_type(content: EditionContent) -> list[dict[str, Any]]:
    rows = content.listed["institution_type"].value_counts()
    by_type = content.institutions_by_type()
    lines = [
        {"title": title, "institutions": by_type[code], "occupations": int(rows.get(code, 0))}
        for code, title in content.type_titles.items()
    ]
    return [*lines, {"title": "合计", "institutions": len(content.institutions), "occupations": len(content.rows)}]


def _changed(content: EditionContent) -> str:
    if content.previous_manifest_sha256 is None:
        return "本版为首次公布。"
    changes = [f"{title} {content.counts[kind]} 项" for kind, title in CHANGE_KINDS.items() if content.counts[kind]]
    return f"与上一版目录相比，{'、'.join(changes)}。" if changes else "与上一版目录相比，无变更。"


def _annex(content: EditionContent) -> list[dict[str, Any]]:
    keys = ["institution_name", "institution_type", "uscc"]
    rows = content.listed[[*keys, "occupation_name", "work_type", "levels", "valid_until"]].itertuples(
        index=False, name=None
    )
    return [
        {
            "number": number,
            "name": name,
            "type": content.type_titles.get(kind, kind),
            "uscc": uscc,
            "rows": [
                {
                    "occupation": trade_title(occupation, work_type),
                    "levels": levels_text(levels, content.policy),
                    "valid_until": until,
                }
                for *_, occupation, work_type, levels, until in block
            ],
        }
        for number, ((name, kind, uscc), block) in enumerate(groupby(rows, lambda row: row[:3]), start=1)
    ]


def _instead_of_annex(content: EditionContent, *, long: bool) -> str:
    if long:
        return f"目录共 {len(content.rows)} 项，篇幅较长，见随公告发布的电子表格 directory.xlsx。"
    return "目录暂无备案有效的评价机构。"
