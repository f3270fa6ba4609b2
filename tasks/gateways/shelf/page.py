"""The directory's page (`index.html`): one file that asks nothing of the network.

Style and script stand in the page and are named in its content security policy by their hashes, so nothing else runs,
loads or connects, not even what a name might smuggle in (docs/adr/0006-directory-page.md).
"""

import json
from base64 import b64encode
from functools import cache
from hashlib import sha256
from importlib.resources import files

from jinja2 import Environment, StrictUndefined, Template
from markupsafe import Markup

from tasks.gateways.shelf.content import EditionContent, chinese_date
from tasks.gateways.shelf.page_data import page_data

_SCRIPTS = ["1_data", "2_search", "3_list", "4_filters", "5_changes", "6_institution", "7_main"]
#: What could end a script element, or a line of one, is written as an escape; JSON reads it as the same text.
_ESCAPES = {ord(character): f"\\u{ord(character):04x}" for character in "<>&\u2028\u2029"}


def page(content: EditionContent) -> bytes:
    """`index.html` as bytes, the same for the same content."""
    style, script = style_sheet(), _script()
    html = page_template("index.html").render(
        policy=_policy(style, script),
        style=Markup(style),  # noqa: S704  shipped with the package
        script=Markup(script),  # noqa: S704  shipped with the package
        data=Markup(embedded(page_data(content))),  # noqa: S704  escaped for its element
        title=content.title,
        edition=content.name,
        as_of=chinese_date(content.as_of),
        document=content.policy.document,
        issuer=content.office.authority,
        institutions=f"{len(content.institutions):,}",
        rows=f"{len(content.rows):,}",
    )
    return html.encode("utf-8")


def embedded(value: object) -> str:
    """JSON that is safe inside a script element, whatever texts it holds."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).translate(_ESCAPES)


def _policy(style: str, script: str) -> str:
    return (
        f"default-src 'none'; style-src {hash_source(style)}; script-src {hash_source(script)}; img-src data:; "
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
def _script() -> str:
    parts = "\n".join(_file(f"{name}.js") for name in _SCRIPTS)
    return f'(() => {{\n"use strict";\n{parts}\n}})();\n'


@cache
def page_template(name: str) -> Template:
    """A page of `page_files`, to be filled; what it is filled with is escaped."""
    return Environment(autoescape=True, undefined=StrictUndefined).from_string(_file(name))


def _file(name: str) -> str:
    return (files("tasks.gateways.shelf") / "page_files" / name).read_text("utf-8")
