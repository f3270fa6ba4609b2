"""The office that writes: its names, its contact and its series of numbers, as `office.toml` in the home states them.

Where the home has no such file, the shipped one counts. It is read whenever a letter is written, so that a change
holds from the next letter on.
"""

import re
from collections.abc import Mapping
from datetime import date
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from pydantic_core import ErrorDetails

from schemas import toml_file
from schemas.errors import RefusedError
from schemas.letter_text import LETTER_KINDS, LetterKind

FILE: Final = "office.toml"

#: Documents beside the letters to institutions and panels: announcement, public notice, report to the province.
DOCUMENTS: Final = {"announcement": "公告", "public_notice": "公示", "report": "报送函"}
#: The Chinese title of everything that stands in the register of documents, by its kind.
TITLES: Final = DOCUMENTS | {code: kind.title for code, kind in LETTER_KINDS.items()}
#: What is published takes no number of the letters: only a pattern of its own.
_PUBLISHED: Final = ("announcement", "public_notice")

_DEFAULT: Final = "default"
_PLACES: Final = re.compile(r"\{([^{}]*)\}")
_ADDRESS: Final = re.compile(r"https?://[A-Za-z0-9.\-:\[\]]+(?:/[A-Za-z0-9.\-_~/%]*)?")
#: A number beside the serial would make two series read alike: 1 and 11 of `A{serial}`, 1 of `A1{serial}`.
_AMBIGUOUS: Final = re.compile(r"[0-9}]\{serial\}|\{serial\}[0-9{]")


class UnusableOfficeError(RefusedError, ValueError):
    """An office file that cannot be used: one sentence naming file and field, and how to mend it."""


class Office(BaseModel):
    """Who writes, and what every letter repeats; a blank field is left on paper to be written in by hand."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    name: str = Field(min_length=1)
    authority: str = Field(min_length=1)
    contact: str = ""
    phone: str = ""
    address: str = ""
    postcode: str = ""
    email: str = ""
    website: str = ""
    licence: str = ""
    copy_to: list[str] = []
    remedies: str = ""
    templates: str = ""
    numbering: dict[str, str] = {}

    @field_validator("website")
    @classmethod
    def _address(cls, website: str) -> str:
        if website and not _ADDRESS.fullmatch(website):
            raise ValueError(
                f"'{website}' is no address of a page: write one like https://www.example.gov.cn/directory/"
            )
        return website

    @field_validator("numbering")
    @classmethod
    def _patterns(cls, numbering: dict[str, str]) -> dict[str, str]:
        kinds = (*LETTER_KINDS, *DOCUMENTS, _DEFAULT)
        for kind, pattern in numbering.items():
            if kind not in kinds:
                raise ValueError(f"{kind}: there is no such kind of letter; write one of {', '.join(kinds)}")
            if pattern:
                _assert_countable(kind, pattern)
        return numbering

    def series(self, kind: str, day: date) -> str:
        """The series a letter of this kind written on this day belongs to: its pattern with the year filled in.

        "" where its number is left open. Kinds of the same pattern share a series, so that no number is given twice.
        """
        general = "" if kind in _PUBLISHED else self.numbering.get(_DEFAULT, "")
        return self.numbering.get(kind, general).replace("{year}", f"{day.year}")

    def lines(self, kind: LetterKind) -> dict[str, Any]:
        """What a letter of this kind says of the office that writes it."""
        lines = {
            **self.model_dump(include={"contact", "phone", "address", "postcode", "email", "copy_to", "remedies"}),
            "issuer": self.authority if kind.signer == "authority" else self.name,
            "printed_by": self.name,
        }
        return {field: line for field, line in lines.items() if field in kind.text.model_fields}

    def folder(self, home: Path) -> Path | None:
        """The folder of the office's own Word templates, a relative one below the home; None where it has none."""
        return home / Path(self.templates).expanduser() if self.templates else None


def number(series: str, serial: int) -> str:
    """The number of the letter that is this one of its series; "" where the series leaves it open."""
    return series.replace("{serial}", f"{serial}")


def read(home: Path) -> Office:
    """The office of this home; raises UnusableOfficeError."""
    path = home / FILE
    try:
        return Office.model_validate(toml_file.tables(path if path.is_file() else _shipped()))
    except ValidationError as wrong:
        raise UnusableOfficeError(f"{path}: {toml_file.mistake(wrong.errors(), _unknown)}") from wrong
    except toml_file.MistakeError as wrong:
        raise UnusableOfficeError(f"{path} {wrong}") from wrong


def blanks(office: Office, day: date) -> list[str]:
    """One sentence for each line that is blank, with the letters that leave its place open."""
    kinds = LETTER_KINDS.values()
    every = dict.fromkeys(("contact", "phone", "address", "postcode", "email"), "every letter")
    refusing = ", ".join(kind.title for kind in kinds if kind.refuses)
    sentences = [
        f"{field} is blank in {FILE}: {letters} leaves its place open"
        for field, letters in {**every, "remedies": refusing}.items()
        if not getattr(office, field)
    ]
    unnumbered = [title for kind, title in TITLES.items() if not office.series(kind, day)]
    if unnumbered:
        sentences.append(f"no series of numbers in {FILE}: {', '.join(unnumbered)} leave their number open")
    return sentences


def changed_series(office: Office, day: date, used: Mapping[str, Mapping[str, int]]) -> list[str]:
    """One sentence for each kind whose series of the year is not the one its letters were numbered in.

    `used`: kind to the series of the day's year that its letters have, each with its last number.
    """
    return [
        f"{TITLES[kind]} of {day.year} were numbered in {former} up to {last}, and the next one begins "
        f"{office.series(kind, day) or 'no series'}: set the pattern in {FILE} back, unless the change is meant"
        for kind, series in sorted(used.items())
        for former, last in sorted(series.items())
        if former != office.series(kind, day)
    ]


def is_as_shipped(office: Office) -> bool:
    """Whether an office goes by the name or the authority of the file that comes with the program."""
    example = Office.model_validate(toml_file.tables(_shipped()))
    return office.name == example.name or office.authority == example.authority


def shipped() -> str:
    """The office file that comes with the program, to be filled in."""
    return _shipped().read_text("utf-8")


def _shipped() -> Traversable:
    return files("schemas") / FILE


def _unknown(error: ErrorDetails) -> str:
    """What is said of a field that there is not: those there are."""
    fields = ", ".join(Office.model_fields)
    return f"there is no such field; write one of {fields}" if error["type"] == "extra_forbidden" else ""


def _assert_countable(kind: str, pattern: str) -> None:
    places = _PLACES.findall(pattern)
    if unknown := [place for place in places if place not in ("year", "serial")]:
        raise ValueError(f"{kind}: '{{{unknown[0]}}}' cannot be filled in; write {{year}} and {{serial}}")
    if places.count("serial") != 1:
        raise ValueError(f"{kind}: '{pattern}' must hold {{serial}} once, or be left blank")
    if _AMBIGUOUS.search(pattern):
        raise ValueError(f"{kind}: '{pattern}' has a figure beside {{serial}}; put a sign between them, such as 〕")
