"""Text on paper: spelling out characters that nobody can see, and measuring the width of text."""

import unicodedata
from functools import cache

_JOINERS = {"\u200c", "\u200d"}  # emoji and some scripts are written with them
_SPACES = {"\t", "\n", "\r", "\v", "\f", "\x85", "\u2028", "\u2029"}
_NONCHARACTER_TAILS = {0xFFFE, 0xFFFF}
_UNSEEN = {"Cc", "Cf", "Cs"}


def visible(text: str) -> str:
    """The text on one line, with control, direction and other invisible characters as harmless `[U+202E]`."""
    if text.isprintable():
        return text
    return "".join(map(_seen, text))


def width_of(text: str) -> int:
    """The width of a line in half-width characters; Chinese fonts draw characters of ambiguous width (“ … —) wide."""
    return len(text) if text.isascii() else sum(map(_columns_of, text))


@cache
def _columns_of(character: str) -> int:
    return 2 if unicodedata.east_asian_width(character) in "WFA" else 1


def _seen(character: str) -> str:
    if character in _SPACES:
        return " "
    point = ord(character)
    unseen = unicodedata.category(character) in _UNSEEN and character not in _JOINERS
    return f"[U+{point:04X}]" if unseen or point & 0xFFFF in _NONCHARACTER_TAILS else character
