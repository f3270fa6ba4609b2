"""The directory as data for its page: each institution, occupation and date once."""

from base64 import b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import pandas as pd
import segno

from schemas.directory import (
    CHANGE_COLUMNS,
    CHANGE_KINDS,
    COLUMNS,
    DIRECTORY_KEY,
    INSTITUTION_COLUMNS,
    OCCUPATION_COLUMNS,
    audiences_shown,
    change_text,
    level_titles,
    levels_text,
)
from schemas.directory_changes import change_counts
from schemas.item import trade_title
from schemas.policy import Policy
from schemas.rows import tuples
from schemas.submission import AUDIENCES
from tasks.gateways.paper.visible_text import visible
from tasks.gateways.shelf.content import EarlierEdition, EditionContent, chinese_date

#: A page lists so many changes of its own edition, and of each earlier one; `changes.csv` has them all.
CHANGES, EARLIER_CHANGES = 2000, 500

#: A certificate's number has 22 characters: the 13 of the institution's code, two of the year, one of the level, and six.
CERTIFICATE_CODE, CERTIFICATE_LENGTH = 13, 22
#: A credit code has 18 characters of 7 bits.
_CODE_LENGTH, _CODE_BITS = 18, 7
_QR_MASK: Final = 3


def page_data(content: EditionContent) -> dict[str, Any]:
    """What the page embeds, ready for JSON; all texts harmless to show.

    Rows in force come first, in the order of the files, then those of earlier editions that are no more, in the order in
    which they went.
    """
    rows, now = _rows(content)
    institution, institutions = _once(rows, INSTITUTION_COLUMNS)
    occupation, occupations = _once(rows, OCCUPATION_COLUMNS)
    levels, level_sets = _once(rows, ["levels"])
    titles = _level_titles(level_sets["levels"], content.policy)
    served = sorted(set(rows["audiences"]))
    dates = sorted({*rows["filed_on"], *rows["valid_until"]})
    types = _named(institutions["institution_type"], content.type_titles)
    regions = _named(institutions["region_code"], content.region_names)
    chain = [name for name, _ in content.editions]
    former = rows.iloc[now:]
    ends = sorted({*_endings(former)})
    data: dict[str, Any] = {
        "edition": content.name,
        "as_of": content.as_of.isoformat(),
        "now": now,
        "chain": [{"name": name, "as_of": as_of.isoformat()} for name, as_of in content.editions],
        "reminder_days": content.policy.validity.reminder_days,
        "types": [visible(title) for title in types.values()],
        "regions": [visible(title) for title in regions.values()],
        "level_names": list(titles.values()),
        "level_codes": list(titles),
        "levels": [_level_set(text, list(titles), content.policy) for text in level_sets["levels"]],
        "audience_names": list(AUDIENCES.values()),
        "audiences": [_audience_set(text) for text in served],
        "dates": dates,
        "institutions": _columns("institution", institutions, {"type": types, "region": regions}),
        "occupations": _columns("occupation", occupations, {}),
        "rows": {
            "institution": institution,
            "occupation": occupation,
            "levels": levels,
            **_columns("filing", rows, {"date": dates, "audiences": served}),
            "came": _places(rows["came_in"], chain),
            "gone": _places(former["gone_in"], chain),
            "end": [ends.index(end) for end in _endings(former)],
        },
        "ends": [[list(CHANGE_KINDS).index(kind), visible(reason), visible(number)] for kind, reason, number in ends],
        "change_kinds": list(CHANGE_KINDS.values()),
        "reinstated": list(CHANGE_KINDS).index("reinstated"),
        **_editions(content, institutions, occupations),
        "certificate": {"code": CERTIFICATE_CODE, "length": CERTIFICATE_LENGTH},
        "website": content.office.website,
        "qr": _qr_codes(content.office.website) if content.office.website else None,
    }
    if content.policy.publication.show_phone:
        data["institutions"]["phone"] = [visible(content.phones.get(uscc, "")) for uscc in institutions["uscc"]]
    # the readings of all phrases take half a second to load, and most runs write no page
    from tasks.gateways.shelf.page_search import forgiving  # noqa: PLC0415

    return data | forgiving(_spoken(data))


def _rows(content: EditionContent) -> tuple[pd.DataFrame, int]:
    """The rows in force and, from their number on, those that are no more."""
    life = content.life
    now = life[life["gone_in"] == ""].sort_values(DIRECTORY_KEY, ignore_index=True)
    return pd.concat([now, life[life["gone_in"] != ""]], ignore_index=True), len(now)


def _endings(former: pd.DataFrame) -> list[tuple[str, str, str]]:
    return list(tuples(former[["became", "reason", "document_no"]]))


def _spoken(data: Mapping[str, Any]) -> list[str]:
    """The texts that are found by their pinyin as well."""
    return [
        *data["institutions"]["name"],
        *data["occupations"]["name"],
        *data["occupations"]["work_type"],
        *data["regions"],
    ]


def _columns(of: str, rows: pd.DataFrame, places: Mapping[str, Mapping[str, str] | list[str]]) -> dict[str, Any]:
    """The columns the page shows of institutions, occupations or filings: texts, then places among what is known.

    `places`: by kind of column what its cells are places in; level sets have a list of their own.
    """
    columns = [column for column in COLUMNS if column.of == of and column.page and column.kind != "levels"]
    texts = {
        column.page: list(map(visible, rows[column.name].tolist())) for column in columns if column.kind not in places
    }
    placed = [column for column in columns if column.kind in places]
    return texts | {column.page: _places(rows[column.name], places[column.kind]) for column in placed}


def _once(rows: pd.DataFrame, columns: list[str]) -> tuple[list[int], pd.DataFrame]:
    """For each row the place of its values among the distinct ones, and those, sorted by the columns."""
    distinct = rows[columns].drop_duplicates().sort_values(columns, ignore_index=True)
    placed = rows[columns].merge(distinct.assign(place=distinct.index), on=columns, how="left")
    return placed["place"].tolist(), distinct


def _named(codes: pd.Series, titles: Mapping[str, str]) -> dict[str, str]:
    """Codes in use with their titles, known ones in the given order, then the unknown ones as they are."""
    used = set(codes)
    return {code: title for code, title in titles.items() if code in used} | {
        code: code for code in sorted(used - set(titles))
    }


def _places(values: pd.Series, order: Iterable[str]) -> list[int]:
    place = {value: index for index, value in enumerate(order)}
    return [place[value] for value in values.tolist()]


def _level_titles(sets: Iterable[str], policy: Policy) -> dict[str, str]:
    """Code to title of the policy's levels, then of those that an earlier one had and somebody still has on file."""
    present = {*policy.levels, *(level for text in sets for level in text.split(","))}
    return {level: title for level, title in level_titles(policy).items() if level in present}


def _level_set(text: str, order: list[str], policy: Policy) -> dict[str, Any]:
    levels = [level for level in order if level in text.split(",")]
    return {
        "text": levels_text(text, policy),
        "words": [f"{level}级" for level in levels],
        "titles": " ".join(policy.level_names(level)[-1] for level in levels),
        "places": [order.index(level) for level in levels],
    }


def _audience_set(text: str) -> dict[str, Any]:
    places = [list(AUDIENCES).index(word) for word in text.split(";") if word in AUDIENCES]
    return {"text": visible(audiences_shown(text)), "places": places}


def _editions(content: EditionContent, institutions: pd.DataFrame, occupations: pd.DataFrame) -> dict[str, Any]:
    """`editions`, the newest first, with their changes, and `parts`, the texts of which these are made."""
    current: EarlierEdition = (content.name, content.as_of, content.changed)
    earlier = sorted(content.earlier, key=lambda edition: _order(edition[0]), reverse=True)
    places = _ChangePlaces(
        {names: place for place, names in reversed([*enumerate(_pairs(institutions, "uscc", "institution_name"))])},
        {names: place for place, names in enumerate(_pairs(occupations, *OCCUPATION_COLUMNS))},
    )
    editions = [
        _edition(edition, content.policy, limit, places)
        for edition, limit in [(current, CHANGES), *((one, EARLIER_CHANGES) for one in earlier)]
    ]
    return {"editions": editions, "parts": list(places.parts)}


@dataclass
class _ChangePlaces:
    """Where in the page the institutions, the occupations and the parts of a text stand that changes name."""

    institutions: Mapping[tuple[str, ...], int]
    occupations: Mapping[tuple[str, ...], int]
    parts: dict[str, int] = field(default_factory=dict)

    def institution(self, uscc: str, name: str) -> int | list[str]:
        """The place of an institution of this name; code and name themselves where the rows of the page have none."""
        place = self.institutions.get((uscc, name))
        return [visible(uscc), visible(name)] if place is None else place

    def occupation(self, code: str, name: str, work_type: str) -> int | list[str]:
        """The place of an occupation; its code and title themselves where the rows of the page have none."""
        place = self.occupations.get((code, name, work_type))
        return [visible(code), visible(trade_title(name, work_type))] if place is None else place

    def text(self, text: str) -> list[int]:
        """The places of the parts of a text, as they are joined by `；`."""
        return [self.parts.setdefault(part, len(self.parts)) for part in visible(text).split("；")] if text else []


def _pairs(rows: pd.DataFrame, *columns: str) -> Iterable[tuple[str, ...]]:
    return tuples(rows[list(columns)])


def _order(name: str) -> tuple[int, ...]:
    cycle, _, number = name.partition(".")
    return (*map(int, cycle.split("-")), int(number))


def _edition(edition: EarlierEdition, policy: Policy, limit: int, places: _ChangePlaces) -> dict[str, Any]:
    name, as_of, changed = edition
    record = {"name": name, "as_of": chinese_date(as_of)}
    if not isinstance(changed, pd.DataFrame):
        return {**record, "counts": [int(changed.get(kind, 0)) for kind in CHANGE_KINDS], "rows": []}
    listed = tuples(changed[CHANGE_COLUMNS].head(limit).fillna(""))
    kinds = {kind: place for place, kind in enumerate(CHANGE_KINDS)}
    rows = [
        [
            kinds[kind],
            places.institution(uscc, institution),
            places.occupation(code, occupation, work_type),
            *(places.text(change_text(text, policy)) for text in (before, after)),
            places.text(_why(reason, document_no)),
        ]
        for uscc, institution, code, occupation, work_type, kind, before, after, reason, document_no in listed
    ]
    return {**record, "counts": list(change_counts(changed).values()), "rows": rows}


def _why(reason: str, document_no: str) -> str:
    """Why a row changed, as people read it."""
    return f"{reason}（{document_no}）" if reason and document_no else reason or document_no


def _qr_codes(address: str) -> dict[str, Any]:
    """What the page makes any institution's QR code from; `address`: of the page, without `#`.

    Size in modules, and frame and patterns as rows of bits in base64.
    """
    start = f"{address}#".encode("ascii")
    frame = _modules(start + bytes(_CODE_LENGTH))
    patterns = []
    for place in range(_CODE_LENGTH):
        for bit in range(_CODE_BITS):
            text = bytearray(_CODE_LENGTH)
            text[place] = 1 << bit
            with_bit = _modules(start + bytes(text))
            patterns.append([one ^ other for one, other in zip(frame, with_bit, strict=True)])
    size = round(len(frame) ** 0.5)
    return {"size": size, "frame": _packed(frame), "patterns": [_packed(pattern) for pattern in patterns]}


def _modules(text: bytes) -> list[int]:
    code = segno.make(text, mode="byte", error="l", boost_error=False, mask=_QR_MASK, micro=False, encoding="latin1")
    return [int(module) for row in code.matrix for module in row]


def _packed(bits: list[int]) -> str:
    whole = bits + [0] * (-len(bits) % 8)
    octets = bytes(int("".join(map(str, whole[place : place + 8])), 2) for place in range(0, len(whole), 8))
    return b64encode(octets).decode()
