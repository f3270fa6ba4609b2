"""The directory as data for its page: each institution, occupation and date once."""

from base64 import b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import pandas as pd
import segno

from schemas.directory import (
    CHANGE_KINDS,
    COLUMNS,
    DIRECTORY_KEY,
    INSTITUTION_COLUMNS,
    OCCUPATION_COLUMNS,
    audiences_shown,
    level_titles,
    levels_text,
)
from schemas.policy import Policy
from schemas.rows import tuples
from schemas.submission import AUDIENCES
from tasks.gateways.paper.visible_text import visible
from tasks.gateways.shelf.content import EditionContent
from tasks.gateways.shelf.page_changes import change_data

#: A certificate's number has 22 characters: the 13 of the institution's code, two of the year, one of the level, and six.
CERTIFICATE_CODE, CERTIFICATE_LENGTH = 13, 22
#: A credit code has 18 characters of 7 bits.
_CODE_LENGTH, _CODE_BITS = 18, 7
_QR_MASK: Final = 3


def page_data(content: EditionContent) -> dict[str, Any]:
    """The data that the page embeds, ready for JSON; every text in them is harmless to show.

    The rows in force come first, in the order of the files; the rows of earlier editions follow, in the order in which
    they ended.
    """
    rows, in_force = _rows(content)
    former = rows.iloc[in_force:]
    lists = _lists(rows, former, content)
    data: dict[str, Any] = {
        "edition": content.name,
        "as_of": content.as_of.isoformat(),
        "now": in_force,
        "chain": [{"name": name, "as_of": as_of.isoformat()} for name, as_of in content.editions],
        "reminder_days": content.policy.validity.reminder_days,
        **_listed(lists, content),
        "rows": _row_places(rows, former, lists, content),
        "ends": [
            [list(CHANGE_KINDS).index(kind), visible(reason), visible(number)] for kind, reason, number in lists.endings
        ],
        "change_kinds": list(CHANGE_KINDS.values()),
        "reinstated": list(CHANGE_KINDS).index("reinstated"),
        **change_data(content, lists.institutions, lists.occupations),
        "certificate": {"code": CERTIFICATE_CODE, "length": CERTIFICATE_LENGTH},
        "website": content.office.website,
        "qr": _qr_codes(content.office.website) if content.office.website else None,
    }
    # the readings of all phrases take half a second to load, and most runs write no page
    from tasks.gateways.shelf.page_search import forgiving  # noqa: PLC0415

    return data | forgiving(_spoken(data))


@dataclass(frozen=True, eq=False)
class _Lists:
    """The distinct values that rows name by their place, each list in the page's order; titles by their code."""

    institutions: pd.DataFrame
    occupations: pd.DataFrame
    level_sets: pd.DataFrame
    levels: Mapping[str, str]
    audiences: list[str]
    dates: list[str]
    types: Mapping[str, str]
    regions: Mapping[str, str]
    endings: list[tuple[str, str, str]]


def _lists(rows: pd.DataFrame, former: pd.DataFrame, content: EditionContent) -> _Lists:
    """The lists of a page's rows; `former`: those of earlier editions among them."""
    institutions, level_sets = _distinct(rows, INSTITUTION_COLUMNS), _distinct(rows, ["levels"])
    return _Lists(
        institutions=institutions,
        occupations=_distinct(rows, OCCUPATION_COLUMNS),
        level_sets=level_sets,
        levels=_level_titles(level_sets["levels"], content.policy),
        audiences=sorted(set(rows["audiences"])),
        dates=sorted({*rows["filed_on"], *rows["valid_until"]}),
        types=_named(institutions["institution_type"], content.type_titles),
        regions=_named(institutions["region_code"], content.region_names),
        endings=sorted({*_endings(former)}),
    )


def _listed(lists: _Lists, content: EditionContent) -> dict[str, Any]:
    """The lists as the page shows them."""
    policy, places = content.policy, {"type": lists.types, "region": lists.regions}
    institutions = _columns("institution", lists.institutions, places)
    if policy.publication.show_phone:
        institutions["phone"] = [visible(content.phones.get(uscc, "")) for uscc in lists.institutions["uscc"]]
    return {
        "types": [visible(title) for title in lists.types.values()],
        "regions": [visible(title) for title in lists.regions.values()],
        "level_names": list(lists.levels.values()),
        "level_codes": list(lists.levels),
        "levels": [_level_set(text, list(lists.levels), policy) for text in lists.level_sets["levels"]],
        "audience_names": list(AUDIENCES.values()),
        "audiences": [_audience_set(text) for text in lists.audiences],
        "dates": lists.dates,
        "institutions": institutions,
        "occupations": _columns("occupation", lists.occupations, {}),
    }


def _row_places(
    rows: pd.DataFrame, former: pd.DataFrame, lists: _Lists, content: EditionContent
) -> dict[str, list[int] | list[str]]:
    """The rows, column by column: what they have of their own, else the place of their value in its list."""
    chain = [name for name, _ in content.editions]
    return {
        "institution": _places_among(lists.institutions, rows),
        "occupation": _places_among(lists.occupations, rows),
        "levels": _places_among(lists.level_sets, rows),
        **_columns("filing", rows, {"date": lists.dates, "audiences": lists.audiences}),
        "came": _places(rows["came_in"], chain),
        "gone": _places(former["gone_in"], chain),
        "end": [lists.endings.index(ending) for ending in _endings(former)],
    }


def _rows(content: EditionContent) -> tuple[pd.DataFrame, int]:
    """The rows in force, followed by former ones; and how many are in force."""
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
    """The columns the page shows of institutions, occupations or filings: texts first, then places in lists.

    `places`: by kind of column, the list its cells are places in; sets of levels are left out, they have a list of their own.
    """
    columns = [column for column in COLUMNS if column.of == of and column.page and column.kind != "levels"]
    texts = {
        column.page: list(map(visible, rows[column.name].tolist())) for column in columns if column.kind not in places
    }
    placed = [column for column in columns if column.kind in places]
    return texts | {column.page: _places(rows[column.name], places[column.kind]) for column in placed}


def _distinct(rows: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    """The distinct values of these columns, sorted by them."""
    return rows[columns].drop_duplicates().sort_values(columns, ignore_index=True)


def _places_among(distinct: pd.DataFrame, rows: pd.DataFrame) -> list[int]:
    """For each row the place of its values among the distinct ones."""
    columns = list(distinct.columns)
    placed = rows[columns].merge(distinct.assign(place=distinct.index), on=columns, how="left")
    return placed["place"].tolist()


def _named(codes: pd.Series, titles: Mapping[str, str]) -> dict[str, str]:
    """Titles of the codes in use: those of `titles` in its order, then the codes it does not have, as they are."""
    used = set(codes)
    return {code: title for code, title in titles.items() if code in used} | {
        code: code for code in sorted(used - set(titles))
    }


def _places(values: pd.Series, order: Iterable[str]) -> list[int]:
    place = {value: index for index, value in enumerate(order)}
    return [place[value] for value in values.tolist()]


def _level_titles(sets: Iterable[str], policy: Policy) -> dict[str, str]:
    """Code to title of the policy's levels, then of levels of former policies that somebody still has on file."""
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


def _qr_codes(address: str) -> dict[str, Any]:
    """The data from which the page makes the QR code of any institution; `address`: the page's, without `#`.

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
