"""Tables for the page's forgiving search: pinyin and traditional forms of the characters that the page shows."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import chain
from typing import Any

import opencc
from pypinyin import Style, lazy_pinyin, pinyin_dict
from pypinyin.seg.simpleseg import seg

_CHARACTERS = range(0x3400, 0xA000)
_CHINESE = re.compile(r"[\u3400-\u9fff]")


def forgiving(texts: Iterable[str]) -> dict[str, Any]:
    """The tables for these texts, ready for JSON.

    `traditional`: pairs of a traditional character and its simplified one. `pinyin`: syllables with the characters
    usually read so, `dian:电店 gong:工`. `readings`: texts in which a character is read otherwise, with the place and
    reading of each.
    """
    distinct = sorted(set(texts))
    characters = {character for text in distinct for character in text if ord(character) in _CHARACTERS}
    usual = {character: _alone(character) for character in characters}
    spoken = [(text, _otherwise(text, usual)) for text in distinct]
    return {
        "traditional": "".join(f"{other}{simple}" for other, simple in _simplified() if {other, simple} & characters),
        "pinyin": _grouped(usual),
        "readings": [[text, other] for text, other in spoken if other],
    }


def _otherwise(text: str, usual: dict[str, str]) -> dict[int, str]:
    """Places of a text at which its words are read otherwise than their characters alone."""
    if not any(character in _several() for character in text):
        return {}
    read = _read(text)
    return {place: sound for place, (character, sound) in enumerate(read) if usual.get(character, sound) != sound}


def _read(text: str) -> list[tuple[str, str]]:
    """Each character with its reading; the rest of a text that has none stands for itself."""
    sounds = [
        sound
        for part in re.split(r"([^\u3400-\u9fff]+)", text)
        for sound in (_sounds_of(part) if _CHINESE.match(part) else part)
    ]
    return list(zip(text, sounds, strict=True)) if len(sounds) == len(text) else []


def _sounds_of(text: str) -> Iterator[str]:
    """The readings of a text's words, few of which differ."""
    return chain.from_iterable(map(_sounds, seg(text)))


@cache
def _sounds(word: str) -> list[str]:
    sounds: list[str] = lazy_pinyin(word, style=Style.NORMAL)
    return sounds


@cache
def _alone(character: str) -> str:
    return str(lazy_pinyin(character, style=Style.NORMAL)[0])


@cache
def _several() -> frozenset[str]:
    """Characters with more than one reading."""
    return frozenset(chr(point) for point, readings in pinyin_dict.pinyin_dict.items() if "," in readings)


def _grouped(usual: dict[str, str]) -> str:
    groups = defaultdict(list)
    for character, sound in sorted(usual.items()):
        if sound.isascii() and sound.isalpha():
            groups[sound].append(character)
    return " ".join(f"{sound}:{''.join(characters)}" for sound, characters in sorted(groups.items()))


@cache
def _simplified() -> tuple[tuple[str, str], ...]:
    """Every character that is written simpler in simplified Chinese, with that form."""
    every = [chr(point) for point in _CHARACTERS]
    simple = opencc.OpenCC("t2s").convert("\n".join(every)).split("\n")
    return tuple((one, other) for one, other in zip(every, simple, strict=True) if one != other and len(other) == 1)
