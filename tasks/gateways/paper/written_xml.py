"""A Word template's XML as lxml writes it: what is filled into it need not be parsed and written again.

docxtpl parses each document it has filled and writes it down; both together take longer than all else about a letter.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from lxml import etree

#: The marks of the template language.
MARKED: Final = re.compile(r"\{%.*?%\}|\{\{.*?\}\}|\{#.*?#\}", re.DOTALL)
_MARK: Final = re.compile(r"\{[{%#]|[}%#]\}")
_WORD: Final = re.compile(r"\{%[-+]?\s*(\w+)")
#: Characters of private use stand in for a mark, with its number between them.
_STAND_IN: Final = re.compile("\ue000(\\d+)\ue001")
_OPENING, _BETWEEN, _CLOSING = {"if", "for"}, {"else", "elif"}, {"endif", "endfor"}

#: Names of elements, from the outermost to the one that something stands in.
Path = tuple[str, ...]


@dataclass(frozen=True)
class WrittenTemplate:
    """A template with its marks as they are and all else as lxml writes it.

    `holders`: names of elements that hold marks, to which nothing may be filled in.
    """

    source: str
    holders: tuple[str, ...]

    def settled(self, rendered: str) -> str:
        """What the template rendered, as lxml would write it: an element without content is one tag."""
        for name in self.holders:
            rendered = _closed(name, rendered)
        return rendered


def _closed(name: str, rendered: str) -> str:
    """The text with each element of this name that holds nothing as one tag."""
    end = f"></{name}>"
    *pieces, last = rendered.split(end)
    closed = []
    for piece in pieces:
        tag = piece[piece.rfind("<") + 1 :]
        is_tag = tag == name or (tag.startswith(f"{name} ") and tag.endswith('"') and ">" not in tag)
        closed += [piece, "/>" if is_tag else end]
    return "".join([*closed, last])


def as_written(source: str) -> WrittenTemplate | None:
    """The template as lxml writes its XML; None where what it renders could be written otherwise.

    That is so where a mark stands in a tag or in a comment, or where a condition or a loop begins in other elements than
    it ends in.
    """
    marks: list[str] = []

    def stand_in(mark: re.Match[str]) -> str:
        marks.append(mark[0])
        return f"\ue000{len(marks) - 1}\ue001"

    try:
        tree = etree.fromstring(MARKED.sub(stand_in, source).encode())
    except etree.XMLSyntaxError:
        return None
    places = list(_places(tree, ()))
    if [number for number, _ in places] != list(range(len(marks))) or not _is_even(marks, [path for _, path in places]):
        return None
    written = etree.tostring(tree, encoding="UTF-8", standalone=True).decode()
    if _MARK.search(written):
        return None
    holders = tuple(sorted({path[-1] for _, path in places}))
    return WrittenTemplate(_STAND_IN.sub(lambda mark: marks[int(mark[1])], written), holders)


def _places(element: Any, above: Path) -> Iterator[tuple[int, Path]]:
    """The number of each mark in an element's text, in their order, with the names of the elements it stands in."""
    name = etree.QName(element).localname
    path = (*above, f"{element.prefix}:{name}" if element.prefix else name)
    yield from _marks(element.text, path)
    for child in element:
        yield from _places(child, path) if isinstance(child.tag, str) else ()
        yield from _marks(child.tail, path)


def _marks(text: str | None, path: Path) -> Iterator[tuple[int, Path]]:
    return ((int(mark[1]), path) for mark in _STAND_IN.finditer(text or ""))


def _is_even(marks: list[str], paths: list[Path]) -> bool:
    """Whether what a condition leaves out, or a loop repeats, leaves all elements closed that it opens."""
    begun: list[Path] = []
    for mark, path in zip(marks, paths, strict=True):
        word = _WORD.match(mark)
        if word is None:
            continue
        if word[1] in _OPENING:
            begun.append(path)
        elif word[1] not in _BETWEEN | _CLOSING or not begun or begun[-1] != path:
            return False
        elif word[1] in _CLOSING:
            begun.pop()
    return not begun
