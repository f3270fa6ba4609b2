"""Public notices (公示) on the shelf: a folder of page, table and document, placed whole."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property, partial
from itertools import groupby
from pathlib import Path
from typing import Any

import pandas as pd
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from markupsafe import Markup

from schemas.directory import levels_text
from schemas.item import trade_title
from schemas.office import Office
from schemas.policy import Policy
from schemas.submission import KINDS
from tasks.gateways.disk import folders
from tasks.gateways.disk.files import file_sha256
from tasks.gateways.paper.delimited import csv_bytes
from tasks.gateways.paper.visible_text import visible
from tasks.gateways.paper.word import fill
from tasks.gateways.shelf import keys
from tasks.gateways.shelf.content import chinese_date
from tasks.gateways.shelf.documents import signature, template
from tasks.gateways.shelf.editions import ShelfError
from tasks.gateways.shelf.manifest import MANIFEST, body_of, body_on_shelf, policy_record, read_manifest, sealed, sha256
from tasks.gateways.shelf.page import hash_source, page_template, style_sheet

#: One row an application, occupation and work type, with the headers people see.
NOTICE_TITLES: dict[str, str] = {
    "application_no": "申报编号",
    "institution_name": "机构名称",
    "institution_type": "机构类型",
    "uscc": "统一社会信用代码",
    "region_code": "所属区划",
    "kind": "申报类型",
    "occupation_code": "职业编码",
    "occupation_name": "职业名称",
    "work_type": "工种",
    "levels": "职业等级",
}
NOTICE_COLUMNS = list(NOTICE_TITLES)


def kind_title(kind: str) -> str:
    """`renewal` as `换证`; a text that is no kind stays as it is."""
    return KINDS.get(kind, kind)


FOLDER = "notices"
DOCUMENT = "notice.docx"


@dataclass(frozen=True, eq=False)
class NoticeContent:
    """One notice: its rows (NOTICE_COLUMNS, text, `kind` in Chinese) and the days it is open to objections."""

    name: str
    cycle: str
    published_on: date
    ends_on: date
    policy: Policy
    office: Office
    rows: pd.DataFrame

    @cached_property
    def listed(self) -> pd.DataFrame:
        """The rows as text, blanks empty."""
        return self.rows[NOTICE_COLUMNS].fillna("").astype("str")

    @property
    def title(self) -> str:
        """The notice's title."""
        return f"{self.policy.title}职业技能等级认定拟备案评价机构公示"

    @cached_property
    def institutions(self) -> list[dict[str, Any]]:
        """One entry an application, with its occupations, as people read them."""
        types, regions = self.policy.institution_types, self.policy.region_names
        records = self.listed.to_dict("records")
        return [
            {
                "number": number,
                "name": head["institution_name"],
                "type": types.get(head["institution_type"], head["institution_type"]),
                "uscc": head["uscc"],
                "region": regions.get(head["region_code"], head["region_code"]),
                "kind": head["kind"],
                "rows": [
                    {
                        "code": row["occupation_code"],
                        "occupation": trade_title(row["occupation_name"], row["work_type"]),
                        "levels": levels_text(row["levels"], self.policy),
                    }
                    for row in block
                ],
            }
            for number, (head, block) in enumerate(_blocks(records), start=1)
        ]


def _blocks(records: list[dict[Any, Any]]) -> list[tuple[dict[Any, Any], list[dict[Any, Any]]]]:
    blocks = [list(block) for _, block in groupby(records, lambda record: record["application_no"])]
    return [(block[0], block) for block in blocks]


def place(published: Path, content: NoticeContent, key: Ed25519PrivateKey | None = None) -> str:
    """Place the notice, signed by a key, in `published/notices/<name>/`; returns the SHA-256 of its manifest.

    It is there whole or not at all. The same notice again changes nothing, whichever key signed it. Raises ShelfError if
    another content has that name, or when the files cannot be written; then there is no such folder.
    """
    shelf = published / FOLDER
    files = _files(content)
    sign = partial(keys.signature, key) if key else None
    record = sealed(_body(content, {name: sha256(data) for name, data in files.items()}), sign)
    target = shelf / content.name
    if target.exists():
        if body_on_shelf(target) != body_of(read_manifest(record)):
            raise ShelfError(f"public notice {content.name} is already published with other content: it never changes")
        return file_sha256(target / MANIFEST)
    try:
        folders.move(folders.build(shelf, content.name, {**files, MANIFEST: record}), target)
    except OSError as refused:
        raise ShelfError(
            f"public notice {content.name} could not be written below {shelf}: {refused.strerror or refused}; "
            "mend this and run again"
        ) from refused
    return sha256(record)


def document(content: NoticeContent, number: str = "", templates: Path | None = None) -> bytes:
    """The notice as a Word file to be sealed (公示); a blank number is left open."""
    fields = {**_fields(content), **signature(content.office, number)}
    return fill(template(DOCUMENT, templates), fields, DOCUMENT)


def is_placed(published: Path, name: str) -> bool:
    """Whether the public can see the notice."""
    return (published / FOLDER / name / MANIFEST).is_file()


def names(published: Path) -> list[str]:
    """The notices on the shelf, sorted."""
    folder = published / FOLDER
    return sorted(path.name for path in folder.iterdir() if not path.name.startswith(".")) if folder.is_dir() else []


def faults(published: Path, digests: Mapping[str, str]) -> list[str]:
    """One sentence for each fault of the published notices; `digests`: names to the SHA-256 of manifests."""
    return [fault for name in sorted(digests) for fault in _known_faults(published / FOLDER / name, digests[name])]


def notice_faults(folder: Path) -> list[str]:
    """One sentence for each fault of one notice by itself."""
    try:
        record = read_manifest((folder / MANIFEST).read_bytes())
        digests = {path.name: file_sha256(path) for path in folder.iterdir() if path.name != MANIFEST}
    except (OSError, ValueError) as unreadable:
        return [f"public notice {visible(folder.name)}: {MANIFEST} cannot be relied on: {unreadable}"]
    wrong = sorted(name for name in {*digests, *record["files"]} if digests.get(name) != record["files"].get(name))
    broken = [f"public notice {visible(folder.name)}: {visible(name)} is not what was published" for name in wrong]
    if record.get("notice") != folder.name:
        broken.append(
            f"public notice {visible(folder.name)}: its {MANIFEST} is that of {visible(str(record.get('notice')))}"
        )
    return broken


def _known_faults(folder: Path, digest: str) -> list[str]:
    broken = notice_faults(folder)
    if (folder / MANIFEST).is_file() and file_sha256(folder / MANIFEST) != digest:
        broken.insert(0, f"public notice {visible(folder.name)}: {MANIFEST} is not the one that was published")
    return broken


def _files(content: NoticeContent) -> dict[str, bytes]:
    return {
        "notice.csv": csv_bytes(content.listed),
        "index.html": _page(content),
    }


def _body(content: NoticeContent, files: Mapping[str, str]) -> dict[str, Any]:
    return {
        "notice": content.name,
        "cycle": content.cycle,
        "published_on": content.published_on.isoformat(),
        "ends_on": content.ends_on.isoformat(),
        "policy": policy_record(content.policy),
        "rows": len(content.rows),
        "files": {name: files[name] for name in sorted(files)},
    }


def _fields(content: NoticeContent) -> dict[str, Any]:
    return {
        **signature(content.office),
        "title": content.title,
        "document": content.policy.document,
        "notice": content.name,
        "as_of": content.published_on,
        "ends_on": content.ends_on,
        "workdays": content.policy.publication.public_notice_workdays,
        "institutions": len(set(content.listed["uscc"])),
        "occupations": len(content.rows),
        "annex": content.institutions,
    }


def _page(content: NoticeContent) -> bytes:
    style = style_sheet()
    fields = {**_fields(content), "as_of": chinese_date(content.published_on), "ends_on": chinese_date(content.ends_on)}
    html = page_template("notice.html").render(
        policy=f"default-src 'none'; style-src {hash_source(style)}; img-src data:; base-uri 'none'; form-action 'none'",
        style=Markup(style),  # noqa: S704  shipped with the package
        titles=NOTICE_TITLES,
        visible=visible,
        **fields,
    )
    return html.encode("utf-8")
