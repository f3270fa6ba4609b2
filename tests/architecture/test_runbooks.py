"""The operator's runbook says the same in both languages: settings, options, and what may go wrong."""

import re
from pathlib import Path

import pytest

_DOCS = Path(__file__).parents[2] / "docs"
_ENGLISH, _CHINESE = ((_DOCS / name).read_text("utf-8") for name in ("runbook.md", "runbook.zh.md"))


def _symptoms(text: str, heading: str) -> set[str]:
    """What the first column of a table quotes."""
    below = text[text.index(heading) :].partition("\n## ")[0]
    return {quoted for line in below.splitlines() if line.startswith("|") for quoted in _quoted(line.split("|")[1])}


def _quoted(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def test_both_tell_of_the_same_faults() -> None:
    english = _symptoms(_ENGLISH, "## When something goes wrong")
    assert english
    assert _symptoms(_CHINESE, "## 十、出了问题") == english


@pytest.mark.parametrize("pattern", [r"FILING_[A-Z_]+", r"\bfiling [a-z]+", r"\b[a-z]+\.(?:toml|csv|sh|yaml|pem)\b"])
def test_what_the_english_one_names_stands_in_the_chinese_one(pattern: str) -> None:
    # prose in English begins with the product's name here and there
    prose = {"filing the"}
    assert set(re.findall(pattern, _ENGLISH)) - set(re.findall(pattern, _CHINESE)) <= prose
