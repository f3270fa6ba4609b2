"""Canonical cells as people write them on forms: Chinese words, real dates, levels in four fashions."""

from datetime import datetime

from schemas.policy import any_policy
from schemas.submission import Column

Cell = str | int | datetime
_FASHIONS = 4
_UNTIDY_EACH = 7  # one applicant in so many leaves full-width digits and stray spaces
_WIDE = str.maketrans("0123456789-", "０１２３４５６７８９－")


def spelled(column: Column, text: str, applicant: int) -> Cell:
    """A cell as the applicant of that number writes it; what is no value of the column stays as it is."""
    match column.kind:
        case "enum" | "boolean":
            return any_policy(column).words.get(text, text)
        case "levels":
            return _levels(column, text, applicant)
        case "level":
            return _level_names(column, text)[0] if applicant % 2 else text
        case "instant":
            return _instant(text)
        case "integer" if text.isdigit():
            return int(text)
    return _text(column, text, untidy=applicant % _UNTIDY_EACH == 0)


def _text(column: Column, text: str, *, untidy: bool) -> str:
    if column.name == "region_code":
        return any_policy(column).words.get(text, text)
    if untidy and column.name == "legal_representative":
        return f" {text}\u00a0"
    return text.translate(_WIDE) if untidy and column.name == "occupation_code" else text


def _level_names(column: Column, code: str) -> list[str]:
    """A level's names, `三级` and `高级工`."""
    return any_policy(column).words.get(code, code).split("/")


def _levels(column: Column, text: str, applicant: int) -> str:
    """`5,4,3`, `五级、四级、三级`, `5-3级` or `初级工/中级工/高级工`."""
    levels = text.split(",")
    order = list(any_policy(column).words)
    if not set(levels) <= set(order):
        return text
    fashion = applicant % _FASHIONS
    consecutive = len(levels) == order.index(levels[-1]) - order.index(levels[0]) + 1
    if fashion == 1:
        return "、".join(_level_names(column, level)[0] for level in levels)
    if fashion == 2 and consecutive and len(levels) > 1:  # noqa: PLR2004  the fashions have no names
        return f"{levels[0]}-{levels[-1]}级"
    if fashion == 3:  # noqa: PLR2004  the fashions have no names
        return "/".join(_level_names(column, level)[-1] for level in levels)
    return text


def _instant(text: str) -> Cell:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return text
