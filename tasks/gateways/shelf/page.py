"""The directory's page (`index.html`), one file that asks nothing of the network, and its rows as plain HTML.

Style and script stand in the page and are named in its content security policy by their hashes, so nothing else runs,
loads or connects, not even what a name might smuggle in (docs/adr/0006-directory-page.md).
"""

import json
from base64 import b64encode
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from html import escape
from importlib.resources import files

import pandas as pd
from jinja2 import Environment, FunctionLoader, StrictUndefined, Template
from markupsafe import Markup

from schemas.directory import CHANGE_KINDS, DIRECTORY_COLUMNS, audiences_shown, levels_text
from tasks.gateways.paper.visible_text import visible
from tasks.gateways.shelf.content import EditionContent, chinese_date
from tasks.gateways.shelf.datapackage import dataset
from tasks.gateways.shelf.page_data import page_data

#: So many rows stand in one page.
ROWS_OF_A_PAGE = 3000
HEADS = ["机构名称", "机构类型", "所属区划", "职业（工种）", "职业等级", "备案日期", "有效期至"]
FOLDER = "list"


@dataclass(frozen=True)
class District:
    """One page of rows: its file below the edition, its title, and which rows it lists."""

    file: str
    title: str
    listed: pd.DataFrame

    @property
    def rows(self) -> str:
        """The number of its rows, as people write it."""
        return f"{len(self.listed):,}"


def districts(content: EditionContent) -> list[District]:
    """The pages of an edition by district, in the policy's order; none where its rows stand in the page itself.

    A district of more than ROWS_OF_A_PAGE rows has several pages; what lies in no district of the policy comes last.
    """
    if len(content.listed) <= ROWS_OF_A_PAGE:
        return []
    names = content.region_names
    code = content.listed["region_code"].where(content.listed["region_code"].isin(names), "other")
    blocks = {one: content.listed[code == one] for one in [*names, "other"]}
    return [page for one, rows in blocks.items() for page in _pages(one, names.get(one, "其他"), rows)]


def _pages(code: str, title: str, rows: pd.DataFrame) -> Iterator[District]:
    parts = range(0, len(rows), ROWS_OF_A_PAGE)
    for number, start in enumerate(parts, start=1):
        file = f"{FOLDER}/{code}.html" if number == 1 else f"{FOLDER}/{code}-{number}.html"
        page_title = visible(title) if len(parts) == 1 else f"{visible(title)}（{number}/{len(parts)}）"
        yield District(file, page_title, rows.iloc[start : start + ROWS_OF_A_PAGE])


def plain_rows(listed: pd.DataFrame, content: EditionContent, home: str = "") -> str:
    """Table rows as HTML, all texts escaped; an institution's first row carries its credit code as `id`, and its address.

    `home`: the address of the page with the search, where that is another one.
    """
    lines, before = [], ""
    for values in zip(*(listed[column].tolist() for column in DIRECTORY_COLUMNS), strict=True):
        row = {name: escape(visible(value)) for name, value in zip(DIRECTORY_COLUMNS, values, strict=True)}
        first, before = row["uscc"] != before, row["uscc"]
        start = f'<tr id="{row["uscc"]}"><td>' if first else "<tr><td>"
        lines.append(
            start + "<td>".join([_institution(row, home) if first else row["institution_name"], *_cells(row, content)])
        )
    return "\n".join(lines)


def _institution(row: dict[str, str], home: str) -> str:
    code = f"机构编码 {row['institution_code']}" if row["institution_code"] else ""
    link = f'<a href="{home}#{row["uscc"]}">{row["institution_name"]}</a>'
    return link + _small([row["uscc"], code, row["registered_address"]])


def _cells(row: dict[str, str], content: EditionContent) -> list[str]:
    work_type = f"工种：{row['work_type']}" if row["work_type"] else ""
    served = audiences_shown(row["audiences"])
    return [
        content.type_titles.get(row["institution_type"], row["institution_type"]),
        content.region_names.get(row["region_code"], row["region_code"]),
        row["occupation_name"] + _small([work_type, row["occupation_code"]]),
        levels_text(row["levels"], content.policy) + _small([f"服务对象：{served}" if served else ""]),
        row["filed_on"],
        row["valid_until"],
    ]


def neighbours(pages: Sequence[District], place: int) -> tuple[str, str]:
    """The files before and after one of the pages, beside it; blank at either end."""
    around = ["", *(page.file.removeprefix(f"{FOLDER}/") for page in pages), ""]
    return around[place], around[place + 2]


def _small(texts: Iterable[str]) -> str:
    return "".join(f" <small>{text}</small>" for text in texts if text)


_SCRIPTS = [
    "1_data",
    "2_words",
    "3_search",
    "4_list",
    "5_filters",
    "6_changes",
    "7_institution",
    "8_certificate",
    "9_main",
]
#: What could end a script element, or a line of one, is written as an escape; JSON reads it as the same text.
_ESCAPES = {ord(character): f"\\u{ord(character):04x}" for character in "<>&\u2028\u2029"}


def pages(content: EditionContent) -> dict[str, bytes]:
    """`index.html` and, where its rows are many, the pages of the districts: names to bytes, the same for the same content."""
    listed = districts(content)
    return {
        "index.html": _page(content, listed),
        **{district.file: _list_page(content, listed, district) for district in listed},
    }


def _page(content: EditionContent, listed: list[District]) -> bytes:
    style, script = style_sheet(), _script()
    previous = content.editions[-2][0] if len(content.editions) > 1 else ""
    html = page_template("index.html").render(
        **_common(content),
        policy=content_policy(style, guard(), keep(), script),
        style=Markup(style),  # noqa: S704  shipped with the package
        guard=Markup(guard()),  # noqa: S704  shipped with the package
        keep=Markup(keep()),  # noqa: S704  shipped with the package
        script=Markup(script),  # noqa: S704  shipped with the package
        data=Markup(embedded(page_data(content))),  # noqa: S704  escaped for its element
        dataset=Markup(embedded(dataset(content))),  # noqa: S704  escaped for its element
        districts=listed,
        heads=HEADS,
        plain=Markup("" if listed else plain_rows(content.listed, content)),  # noqa: S704  escaped cell by cell
        document=content.policy.document,
        institutions=f"{len(content.institutions):,}",
        rows=f"{len(content.rows):,}",
        changed=_changed(content),
        first_day=content.editions[0][1].isoformat(),
        last_day=content.as_of.isoformat(),
        previous=previous,
    )
    return html.encode("utf-8")


def _list_page(content: EditionContent, listed: list[District], district: District) -> bytes:
    style = style_sheet()
    before, after = neighbours(listed, listed.index(district))
    html = page_template("list.html").render(
        **_common(content),
        policy=content_policy(style),
        style=Markup(style),  # noqa: S704  shipped with the package
        district=district,
        heads=HEADS,
        plain=Markup(plain_rows(district.listed, content, "../index.html")),  # noqa: S704  escaped cell by cell
        before=before,
        after=after,
    )
    return html.encode("utf-8")


def _common(content: EditionContent) -> dict[str, str]:
    return {
        "title": content.title,
        "edition": content.name,
        "as_of": chinese_date(content.as_of),
        "issuer": content.office.authority,
    }


def _changed(content: EditionContent) -> str:
    changes = [f"{title} {content.counts[kind]} 项" for kind, title in CHANGE_KINDS.items() if content.counts[kind]]
    return "、".join(changes) + "。" if changes else ""


def embedded(value: object) -> str:
    """JSON that is safe inside a script element, whatever texts it holds."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).translate(_ESCAPES)


def content_policy(style: str, *scripts: str) -> str:
    """The content security policy of a page with this style and these scripts and nothing else."""
    ours = " ".join(map(hash_source, scripts)) or "'none'"
    return (
        f"default-src 'none'; style-src {hash_source(style)}; script-src {ours}; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def hash_source(text: str) -> str:
    """A style or script as a content security policy names it."""
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


@cache
def style_sheet() -> str:
    """The look of every published page."""
    return _file("page.css")


@cache
def guard() -> str:
    """What says that the script cannot run; plain enough for any engine."""
    return _file("0_guard.js")


@cache
def keep() -> str:
    """What keeps the rows that follow it as text, until the script shows some of them."""
    return _file("0_keep.js")


@cache
def _script() -> str:
    parts = "\n".join(_file(f"{name}.js") for name in _SCRIPTS)
    return f'(() => {{\n"use strict";\n{parts}\n}})();\n'


@cache
def page_template(name: str) -> Template:
    """A page of `page_files`, to be filled; what it is filled with is escaped."""
    return Environment(autoescape=True, undefined=StrictUndefined, loader=FunctionLoader(_file)).get_template(name)


def _file(name: str) -> str:
    return (files("tasks.gateways.shelf") / "page_files" / name).read_text("utf-8")
