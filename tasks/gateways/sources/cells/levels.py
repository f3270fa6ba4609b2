"""Levels as people write them and as spreadsheets spoil them, read into the policy's codes, the lowest level first."""

import re
from collections.abc import Mapping, Sequence
from itertools import groupby, pairwise, starmap
from typing import Final, Literal, NamedTuple

from tasks.gateways.sources.cells.text import folded

_DAY: Final = re.compile(
    r"(?P<y>\d{4})(?:[-/.]|年)(?P<m>\d{1,2})(?:[-/.]|月)(?P<d>\d{1,2})日?(?:[t ]0?0:00(?::00(?:\.0+)?)?)?", re.ASCII
)
_MONTH_AND_DAY: Final = re.compile(r"(?P<m>\d{1,2})月(?P<d>\d{1,2})日", re.ASCII)
#: Days that were three levels have these years, for the year came first; others were two, in the year they were typed.
_OF_THREE: Final = range(2001, 2006)
_PREFIX: Final = re.compile(r"国家|职业资格(?:证书)?|职业技能(?:等级)?|技能等级|等级")
_BRACKETED: Final = re.compile(r"[(\[【〔]([^()\[\]【】〔〕]*)[)\]】〕]")
_INCLUDED: Final = re.compile(r"[(]含(?:本级)?[)]")
_NUMERALS: Final = {"1": "一壹", "2": "二贰", "3": "三叁", "4": "四肆", "5": "五伍", "6": "六", "7": "七", "8": "八"}
_ROMAN: Final = {"1": "i", "2": "ii", "3": "iii", "4": "iv", "5": "v"}
#: Words in front of 级工 that stand for the title by themselves.
_SHORT: Final = "初中高"
_Kind = Literal["numbered", "titled", "bare"]


class _Word(NamedTuple):
    code: str
    kind: _Kind


class LevelWords:
    """The spellings of a policy's levels; `titles`: code to title (`五级/初级工`), from the lowest level to the highest."""

    def __init__(self, titles: Mapping[str, str]) -> None:
        self.codes = list(titles)
        self.spellings: dict[str, _Word] = {}
        for code, title in titles.items():
            self._add(code, title)
        longest_first = sorted(self.spellings, key=len, reverse=True)
        words = "|".join(map(re.escape, longest_first))
        self._token = re.compile(
            rf"(?P<word>{words})班?|(?P<below>及?以下)|(?P<above>及?以上)"
            r"|(?P<dash> ?(?:[-‐-―−~〜]+|到|至) ?)|(?P<separator>[\s,、/\\;|.。·+&和及与或]+)"
        )

    def read(self, text: str) -> str | None:
        """The levels of a cell as `5,4,3`; None where they are no levels, or nobody can be sure which."""
        spelled = folded(text)
        if day := _DAY.fullmatch(spelled):
            year, month, number = (str(int(day[part])) for part in "ymd")
            return self._typed([year[-1], month, number] if int(year) in _OF_THREE else [month, number])
        if day := _MONTH_AND_DAY.fullmatch(spelled):
            return self._typed([str(int(day["m"])), str(int(day["d"]))])
        spelled = re.sub(r"^([1-9])\.0+$", r"\1", _INCLUDED.sub("", _PREFIX.sub("", spelled)))
        outside = _BRACKETED.sub("", spelled).strip()
        main = self._listed(outside or _BRACKETED.sub(r"\1", spelled))
        notes = [self._listed(note) for note in _BRACKETED.findall(spelled)]
        # what stands in brackets says the same in other words
        if main is None or any(note is None or not note <= main for note in notes):
            return None
        return self._joined(main)

    def read_one(self, text: str) -> str | None:
        """The one level of a cell, whatever words it is said in."""
        levels = self.read(text)
        return levels if levels in self.codes else None

    def _typed(self, numbers: Sequence[str]) -> str | None:
        """What was typed before a spreadsheet took it for a day."""
        return self._joined(self._chain(numbers)) if len(set(numbers)) == len(numbers) else None

    def _add(self, code: str, title: str) -> None:
        self.spellings.setdefault(code.lower(), _Word(code, "bare"))
        for part in (title, *title.split("/")):
            self.spellings[folded(part)] = _Word(code, "numbered" if part.endswith("级") else "titled")
            if part[:1] in _SHORT and part[1:] == "级工":
                self.spellings |= {part[0]: _Word(code, "bare"), part[:2]: _Word(code, "bare")}
                self.spellings[f"{part[:2]}技能"] = _Word(code, "titled")
            figure = next((digit for digit, signs in _NUMERALS.items() if part == f"{signs[0]}级"), "")
            for sign in (figure, _ROMAN.get(figure, ""), *_NUMERALS.get(figure, "")) if figure else ():
                self.spellings |= {sign: _Word(code, "bare"), f"{sign}级": _Word(code, "numbered")}
                self.spellings |= {f"l{sign}": _Word(code, "bare"), f"l{sign}级": _Word(code, "numbered")}

    def _listed(self, text: str) -> set[str] | None:
        """The levels of a list of words and ranges; None where a part of it is neither."""
        tokens = list(self._token.finditer(text))
        if "".join(token.group() for token in tokens) != text:
            return None
        codes: set[str] = set()
        for is_separator, group in groupby(tokens, key=lambda token: token.lastgroup == "separator"):
            levels = set[str]() if is_separator else self._grouped(list(group))
            if levels is None:
                return None
            codes |= levels
        return codes or None

    def _grouped(self, tokens: list[re.Match[str]]) -> set[str] | None:
        """The levels of words that stand together: one level, a range, or a list without separators."""
        bound = tokens.pop().lastgroup if tokens[-1].lastgroup in ("below", "above") else None
        parts: list[list[_Word]] = [[]]
        for token in tokens:
            if token.lastgroup == "dash":
                parts.append([])
            elif token.lastgroup == "word":
                parts[-1].append(self.spellings[token["word"]])
            else:
                return None
        codes = [{word.code for word in part} for part in parts]
        if not all(part and all(starmap(_may_touch, pairwise(part))) for part in parts):
            return None
        if len(parts) == 1 and bound is None:
            return codes[0]
        if any(len(group) > 1 for group in codes) or (bound and len(parts) > 1):
            return None
        if bound is None:
            return self._chain([code for group in codes for code in group])
        place = self.codes.index(codes[0].pop())
        return set(self.codes[: place + 1] if bound == "below" else self.codes[place:])

    def _chain(self, codes: Sequence[str]) -> set[str] | None:
        """One level, all from one to another, or a list joined by dashes that rises or falls without a gap."""
        if any(code not in self.codes for code in codes):
            return None
        places = [self.codes.index(code) for code in codes]
        if len(places) == 2:  # noqa: PLR2004  a range
            return set(self.codes[min(places) : max(places) + 1])
        steps = {after - before for before, after in pairwise(places)}
        return set(codes) if len(steps) <= 1 and steps <= {1, -1} else None

    def _joined(self, levels: set[str] | None) -> str | None:
        return ",".join(code for code in self.codes if code in levels) if levels else None


def _may_touch(before: _Word, after: _Word) -> bool:
    """Whether two words may stand side by side: the same level in two words, or a list of words of one kind."""
    return "bare" not in (before.kind, after.kind) and (before.code == after.code or before.kind == after.kind)
