"""Codes as people write them, each made the one spelling it is compared in; whether a code is right is the rules' matter."""

import re
from collections.abc import Callable, Mapping
from typing import Final

from tasks.gateways.sources.cells.text import code

#: A code that a spreadsheet turned into a number and shows in scientific notation: its last digits are lost.
LOST_DIGITS: Final = r"^-?\d(\.\d+)?[eE]\+?\d{1,2}$"

_NOTES: Final = re.compile(r"[(\[【〔][^()\[\]【】〔〕]*[)\]】〕]")
_CREDIT_CODE: Final = re.compile(r"[^0-9A-Za-z]*([0-9A-Z]{18})[^0-9A-Za-z]*")
_IDENTITY: Final = re.compile(r"[^0-9A-Za-z]*([0-9]{17}[0-9X]|[0-9]{15})[^0-9A-Za-z]*")
#: Signs that look like the last character of an identity number.
_CROSSES: Final = str.maketrans({"×": "X", "χ": "X", "Χ": "X", "х": "X", "Х": "X", "✕": "X", "╳": "X", "x": "X"})
_OCCUPATION: Final = re.compile(
    r"(?P<name>[^0-9A-Za-z]*)(?P<a>[1-8])[-._/一ー]?(?P<b>\d{2}|(?<=[-._/一ー])\d)[-._/一ー]?(?P<c>\d{2}|(?<=[-._/一ー])\d)"
    r"(?:[-._/一ー]?(?P<d>\d{2}|(?<=[-._/一ー])\d))?(?P<mark>-?[(]?(?:L/?S|S/?L|L|S)[)]?)?(?P<behind>[^0-9A-Za-z]*)"
)
#: What exports write behind a day, midnight; codes have lost the space before it.
_MIDNIGHT: Final = r"(?:T?00:00(?::00(?:\.0+)?)?)?"
_DAY: Final = re.compile(rf"200([1-9])[-/](\d{{1,2}})[-/](\d{{1,2}}){_MIDNIGHT}")
_PREFIX_DAY: Final = re.compile(rf"20\d{{2}}[-/]0?([1-8])[-/](\d{{1,2}}){_MIDNIGHT}")


def credit_code(text: str) -> str:
    """A unified social credit code in capitals, without hyphens, labels and copy marks."""
    bare = _capitals(text)
    match = _CREDIT_CODE.fullmatch(_NOTES.sub("", bare).replace("-", ""))
    return match[1] if match else code(bare.replace("-", ""))


def identity_number(text: str) -> str:
    """A number of an identity document in capitals; every sign that looks like X is one in a resident's."""
    bare = _capitals(text)
    match = _IDENTITY.fullmatch(bare.translate(_CROSSES).replace("-", ""))
    return match[1] if match else bare


def occupation_code(text: str) -> str:
    """A code of the Dictionary with its hyphens, without its marks and the name beside it; also one taken for a day."""
    bare = code(text).upper()
    if day := _DAY.fullmatch(bare):
        return _code_of(day)
    match = _OCCUPATION.fullmatch(bare)
    if match is None or (not match["d"] and "-" not in bare):
        return code(text)
    parts = [match["a"], *(match[part].zfill(2) for part in "bcd" if match[part])]
    return "-".join(parts)


def prefixes(text: str) -> str:
    """Beginnings of codes; `6-18` that a spreadsheet took for the 18th of June is `6-18` again."""
    if day := _DAY.fullmatch(code(text)):
        return _code_of(day)
    day = _PREFIX_DAY.fullmatch(code(text))
    return f"{day[1]}-{day[2]:0>2}" if day else text


def programme_code(text: str) -> str:
    """A school's code of a programme; one that a spreadsheet took for a day is a code again."""
    bare = code(text)
    day = _DAY.fullmatch(bare)
    return _code_of(day) if day else bare


def _code_of(day: re.Match[str]) -> str:
    return f"{day[1]}-{day[2]:0>2}-{day[3]:0>2}"


def _capitals(text: str) -> str:
    return code(code(text).upper())  # some letters come apart as capitals


#: Column of codes to how its cells are spelt.
CODES: Final[Mapping[str, Callable[[str], str]]] = {
    "uscc": credit_code,
    "employer_uscc": credit_code,
    "id_number": identity_number,
    "occupation_code": occupation_code,
    "neighbour_code": occupation_code,
    "programme_code": programme_code,
    "application_no": _capitals,
    "institution_code": _capitals,
    "rule": _capitals,
    "sha256": lambda text: code(text).lower(),
    **dict.fromkeys(("region_code", "contact_phone", "contact_email", "certificate_no", "expert_no", "email"), code),
}
#: Cells that are spelt so already, by column; others are looked at one by one.
PLAIN: Final[Mapping[str, str]] = {
    "uscc": r"^[0-9A-Z]{18}$",
    "id_number": r"^[0-9]{17}[0-9X]$",
    "occupation_code": r"^[1-8](-[0-9]{2}){2,3}$",
    "neighbour_code": r"^[1-8](-[0-9]{2}){2,3}$",
    **dict.fromkeys(("application_no", "institution_code", "rule"), r"^[0-9A-Z-]+$"),
    "sha256": r"^[0-9a-f]+$",
    "contact_phone": r"^[0-9]+$",
    "region_code": r"^[0-9]+$",
}
