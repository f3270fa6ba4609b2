"""A finding (初审意见): one rule that one row of one application does not meet."""

import re
from typing import Literal

Nature = Literal["hard", "in_principle", "review", "advice"]

#: The columns of `findings.csv`, in order (contract section 6).
FINDING_COLUMNS = ["application_no", "rule", "nature", "article", "table", "row", "field", "value", "message"]
FINDING_ORDER = ["application_no", "rule", "table", "row", "field"]

NATURES_ZH: dict[str, str] = {"hard": "须补正", "in_principle": "原则性例外", "review": "请核定", "advice": "提示"}

#: Hard findings that no correction mends: what they concern is not taken up, has no correction period, and nobody waits.
UNMENDABLE = frozenset({"FORM-3", "FORM-6", "OCC-5", "OCC-6"})
#: Those of them that concern the application as a whole; the others concern the occupation of their row.
UNMENDABLE_WHOLE = frozenset({"FORM-3", "FORM-6"})


#: What people put between the digits of a long number: spaces of any width, a hyphen.
_BETWEEN = "[ \u00a0\u3000\u200b-]?"
_BIRTHDAY = r"\d~\d~(?:0~[1-9]|1~[0-2])~(?:0~[1-9]|[12]~\d|3~[01])"
#: An identity number of 18 or 15 digits (GB 11643-1999, GB 11643-1989), divided or not: the birth date in it tells it from
#: other numbers. Groups 1 and 3, or 1 and 5, are what may be shown. Without look-around, which Rust has not.
IDENTITY = (
    r"([1-9](?:~\d){5})(?:"
    rf"(~(?:1~[89]|2~0)~{_BIRTHDAY}~\d~\d~)(\d~[\dXxＸｘ])"
    rf"|(~{_BIRTHDAY}~\d~)(\d~\d))"
).replace("~", _BETWEEN)


#: Eighteen digits, whatever date they hold: what a column or a name brings whole.
IDENTITY_NUMBER = r"\d{17}[\dXx]"


def masked(identity_number: str) -> str:
    """An identity number with all but its first 6 and last 2 characters hidden; short ones are hidden whole."""
    hidden = len(identity_number) - 8
    if hidden <= 0:
        return "*" * len(identity_number)
    return f"{identity_number[:6]}{'*' * hidden}{identity_number[-2:]}"


#: With no digit or letter on either side: part of a longer number or of a digest is nobody's.
_WHOLE = re.compile(rf"(?<![0-9A-Za-z])(?:{IDENTITY})(?![0-9A-Za-z])")


def hidden(text: str) -> str:
    """A text in which every identity number is masked."""
    return _WHOLE.sub(lambda number: masked(number.group()), text)
