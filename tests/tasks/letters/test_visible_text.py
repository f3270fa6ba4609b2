"""Unseen characters are spelled out, seen ones stay."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.gateways.paper.visible_text import visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("黄石市（黄石港区）第一职业培训学校", "黄石市（黄石港区）第一职业培训学校"),
        ("张　三", "张　三"),
        ("a\tb\r\nc", "a b  c"),
        ("学校\u202e章印", "学校[U+202E]章印"),
        ("a\x00b\x1bc", "a[U+0000]b[U+001B]c"),
        ("\ufeff名", "[U+FEFF]名"),
        ("孤\ud800", "孤[U+D800]"),
        ("👩\u200d🔧", "👩\u200d🔧"),
        ("\ufffe", "[U+FFFE]"),
        ("", ""),
    ],
)
def test_what_is_seen(text: str, shown: str) -> None:
    assert visible(text) == shown


@given(st.text(st.characters()))
def test_nothing_unseen_is_left_and_doing_it_twice_changes_nothing(text: str) -> None:
    shown = visible(text)
    assert visible(shown) == shown
    assert not [c for c in shown if unicodedata.category(c) in {"Cc", "Cs"}]
    assert not {*"\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f"} & set(shown)
