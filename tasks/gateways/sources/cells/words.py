"""Words of lists with their synonyms, answers of yes or no, numbers with their units and regions, as people write them."""

import re
import tomllib
from collections.abc import Iterable, Mapping
from importlib.resources import files
from itertools import product
from typing import Any, Final

from schemas.submission import Column
from tasks.gateways.sources.cells.text import compared

_DATA: Final[Mapping[str, Any]] = tomllib.loads((files("schemas") / "reference" / "synonyms.toml").read_text("utf-8"))

SYNONYMS: Final[Mapping[str, Mapping[str, list[str]]]] = _DATA["words"]
"""Column, or list of the policy, to its words' titles and their synonyms."""
YES: Final[list[str]] = _DATA["answers"]["yes"]
NO: Final[list[str]] = _DATA["answers"]["no"]
SENSES: Final[Mapping[str, Mapping[str, list[str]]]] = {
    name: answers for name, answers in _DATA["answers"].items() if isinstance(answers, dict)
}
"""Columns in which other words say `yes` and `no`, and some are `silent`."""
NOTHING: Final[list[str]] = _DATA["nothing"]["words"]
"""What stands in an optional cell to say that there is nothing."""
UNITS: Final[Mapping[str, list[str]]] = _DATA["units"]
"""Column to what may stand behind its numbers."""
SIZES: Final[Mapping[str, int]] = _DATA["sizes"]
"""Units of sizes, in bytes."""
TABLE_NAMES: Final[Mapping[str, list[str]]] = _DATA["tables"]
"""Table to other names of its sheet or file."""
COLUMN_NAMES: Final[Mapping[str, Mapping[str, list[str]]]] = _DATA["columns"]
"""Table and column to other names of the column."""


_MOST_DIGITS: Final = 18
_NUMBERING: Final = re.compile(
    r"^(?:[(]?[0-9一二三四五六七八九十]{1,3}[)、.．]|[①-⑳]|附件[0-9一二三四五六七八九十]*[:.、])"
)
_BETWEEN: Final = re.compile(r"[;；、,，/\n]")
_NOTE: Final = re.compile(r"[(\[【〔<《][^()\[\]【】〔〕<>《》]*[)\]】〕>》]")
_PUNCTUATION: Final = re.compile(r"[\s,.。、;:!?·…“”‘’\"'`*_\-—《》<>【】()\[\]]+|[和及与]")
_TICKED, _OPEN = "☑✓✔√■▣☒●✅", "☐□○◻"
_BOX: Final = re.compile(rf"([{_TICKED}{_OPEN}])([^{_TICKED}{_OPEN}]+)")
_BOX_BEHIND: Final = re.compile(rf"([^{_TICKED}{_OPEN}]+)([{_TICKED}{_OPEN}])")
_FIGURE: Final = r"(\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d*)?(?:e[+-]?\d+)?)"
_AMOUNT: Final = re.compile(rf"(?:共计?|合计)?{_FIGURE}(\D*)", re.ASCII)


class WordReader:
    """The spellings of one column's words."""

    def __init__(self, column: Column) -> None:
        self._words = {_key(spelling): word for spelling, word in _spelled(column)}
        self._order = list(column.words)

    def read(self, text: str) -> str | None:
        """The canonical word; of boxes the one that is ticked."""
        plain = compared(text)
        return self._word(plain) or self._ticked(plain)

    def read_several(self, text: str) -> str | None:
        """The canonical words of a cell with one or several, `staff;students`, each once in the order of the column."""
        words = {self.read(part) for part in _BETWEEN.split(text) if part.strip()}
        return None if None in words or not words else ";".join(word for word in self._order if word in words)

    def _word(self, plain: str) -> str | None:
        bare = _NUMBERING.sub("", plain)
        if word := self._words.get(_key(plain)) or self._words.get(_key(bare)):
            return word
        word = self._words.get(_key(_NOTE.sub("", bare)))
        # a note in brackets explains the word, or says another one: then nobody can be sure
        notes = {self._words.get(_key(note[1:-1]), word) for note in _NOTE.findall(bare)}
        return word if notes <= {word} else None

    def _ticked(self, plain: str) -> str | None:
        for pattern, mark, word in ((_BOX, 0, 1), (_BOX_BEHIND, 1, 0)):
            boxes = pattern.findall(plain)
            if boxes and "".join("".join(box) for box in boxes) == plain:
                ticked = [box[word] for box in boxes if box[mark] in _TICKED]
                if len(ticked) == 1 and all(self._word(box[word].strip("/、,;|")) for box in boxes):
                    return self._word(ticked[0].strip("/、,;|"))
        return None


def _key(text: str) -> str:
    """What two spellings of a word have in common; of signs alone, they themselves."""
    return _PUNCTUATION.sub("", compared(text)) or compared(text)


def _spelled(column: Column) -> Iterable[tuple[str, str]]:
    """Every spelling of a column's words with the word, the words themselves last."""
    if column.kind == "boolean":
        senses = SENSES.get(column.name, {})
        yes, no = senses.get("yes", []), senses.get("no", [])
        silent = {*senses.get("silent", []), *yes, *no}
        for signs, word in ((YES, "true"), (NO, "false")):
            yield from ((sign, word) for sign in signs if sign not in silent)
        yield from product(yes, ["true"])
        yield from product(no, ["false"])
    else:
        titles = {title: word for word, title in column.words.items()}
        for title, spellings in synonyms(column).items():
            if title in titles:
                yield from product(spellings, [titles[title]])
    yield from column.spellings().items()


def synonyms(column: Column) -> dict[str, list[str]]:
    """The other words of a column's list, by title."""
    if column.name == "verdict":
        return dict(SYNONYMS["result_verdict" if "pass" in column.words else "decision_verdict"])
    return dict(SYNONYMS.get(column.listed or column.name, {}))


class Regions:
    """The spellings of a policy's regions: code, name, name with city and province in front, name without its last word."""

    def __init__(self, column: Column) -> None:
        self._codes = {compared(name): code for name, code in column.spellings().items()}
        short = [(name[:-1], code) for name, code in self._codes.items() if name[-1:] in "市区县" and len(name) > 2]  # noqa: PLR2004
        self._codes |= {name: code for name, code in short if name not in self._codes}

    def code(self, text: str) -> str:
        """The code of a region; text that names none stays, so that the rule names it."""
        plain = compared(text)
        for name in (plain, re.sub(r"^.{2,8}?省", "", plain), re.sub(r"^(?:.{2,8}?省)?.{2,8}?市", "", plain)):
            if name in self._codes:
                return self._codes[name]
        return text


def integer(text: str, column: str = "") -> str | None:
    """A whole number from 0 on, of at most 18 digits, with its unit; sizes are bytes."""
    match = _AMOUNT.fullmatch(compared(text))
    if match is None or "e" in match[1]:
        return None
    figure, unit = match[1].replace(",", ""), match[2]
    if column == "size_bytes" and unit:
        factor = SIZES.get(unit)
        # what was rounded to a unit is a whole number of bytes all the same
        return str(round(float(figure) * factor)) if factor and len(figure) <= _MOST_DIGITS else None
    if unit and unit not in UNITS.get(column, ()):
        return None
    whole = re.fullmatch(r"(\d+)(?:\.0*)?", figure, re.ASCII)
    return str(int(whole[1])) if whole and len(whole[1].lstrip("0")) <= _MOST_DIGITS else None


def number(text: str, column: str = "") -> str | None:
    """A decimal number from 0 on with its unit, also with an exponent as spreadsheets write it."""
    match = _AMOUNT.fullmatch(compared(text))
    if match is None or (match[2] and match[2] not in UNITS.get(column, ())):
        return None
    read = float(match[1].replace(",", ""))
    return f"{read:.15g}" if read < 10**_MOST_DIGITS else None
