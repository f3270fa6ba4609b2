"""The directory's rows as plain HTML: in the page itself, or where they are many on a page for each district."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape

import pandas as pd

from schemas.directory import DIRECTORY_COLUMNS, audiences_shown, levels_text
from tasks.gateways.paper.visible_text import visible
from tasks.gateways.shelf.content import EditionContent

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
