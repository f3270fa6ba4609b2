"""The directory's page (`index.html`): one file that asks nothing of the network.

Style and script stand in the page and are named in its content security policy by their hashes, so nothing else runs,
loads or connects, not even what a name might smuggle in (docs/adr/0006-directory-page.md).
"""

import json
from base64 import b64encode
from functools import cache
from hashlib import sha256
from importlib.resources import files

from jinja2 import Environment, FunctionLoader, StrictUndefined, Template
from markupsafe import Markup

from schemas.directory import CHANGE_KINDS
from tasks.gateways.shelf.content import EditionContent, chinese_date
from tasks.gateways.shelf.datapackage import dataset
from tasks.gateways.shelf.page_data import page_data
from tasks.gateways.shelf.page_rows import HEADS, District, districts, neighbours, plain_rows

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
