"""The directory as data for its page: each institution, occupation and date once."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from schemas.directory import (
    CHANGE_COLUMNS,
    CHANGE_KINDS,
    COLUMNS,
    INSTITUTION_COLUMNS,
    OCCUPATION_COLUMNS,
    audiences_text,
    change_counts,
    change_text,
    levels_text,
)
from schemas.item import trade_title
from schemas.policy import Policy
from tasks.gateways.paper.visible_text import visible
from tasks.gateways.shelf.content import EarlierEdition, EditionContent, chinese_date

#: A page lists so many changes of its own edition, and of each earlier one; `changes.csv` has them all.
OWN_CHANGES, EARLIER_CHANGES = 2000, 500


def page_data(content: EditionContent) -> dict[str, Any]:
    """What the page embeds, ready for JSON; all texts harmless to show."""
    rows = content.listed
    institution, institutions = _once(rows, INSTITUTION_COLUMNS)
    occupation, occupations = _once(rows, OCCUPATION_COLUMNS)
    levels, level_sets = _once(rows, ["levels"])
    served = sorted(set(rows["audiences"]))
    dates = sorted({*rows["filed_on"], *rows["valid_until"]})
    types = _named(institutions["institution_type"], content.type_titles)
    regions = _named(institutions["region_code"], content.region_names)
    return {
        "edition": content.name,
        "as_of": content.as_of.isoformat(),
        "reminder_days": content.policy.validity.reminder_days,
        "types": [visible(title) for title in types.values()],
        "regions": [visible(title) for title in regions.values()],
        "level_names": list(content.policy.levels.values()),
        "levels": [_level_set(text, content.policy) for text in level_sets["levels"]],
        "audiences": [visible(audiences_text(each)) for each in served],
        "dates": dates,
        "institutions": _columns("institution", institutions, {"type": types, "region": regions}),
        "occupations": _columns("occupation", occupations, {}),
        "rows": {
            "institution": institution,
            "occupation": occupation,
            "levels": levels,
            **_columns("filing", rows, {"date": dates, "audiences": served}),
        },
        "change_kinds": list(CHANGE_KINDS.values()),
        "editions": _editions(content),
    }


def _columns(of: str, rows: pd.DataFrame, places: Mapping[str, Mapping[str, str] | list[str]]) -> dict[str, Any]:
    """The columns the page shows of institutions, occupations or filings: texts, then places among what is known.

    `places`: by kind of column what its cells are places in; level sets have a list of their own.
    """
    shown = [column for column in COLUMNS if column.of == of and column.page and column.kind != "levels"]
    texts = {column.page: _shown(rows[column.name]) for column in shown if column.kind not in places}
    placed = [column for column in shown if column.kind in places]
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


def _places(values: pd.Series, known: Mapping[str, str] | list[str]) -> list[int]:
    place = {value: index for index, value in enumerate(known)}
    return [place[value] for value in values.tolist()]


def _shown(texts: pd.Series) -> list[str]:
    return [visible(text) for text in texts.tolist()]


def _level_set(text: str, policy: Policy) -> dict[str, Any]:
    own = [level for level in policy.levels if level in text.split(",")]
    return {
        "text": levels_text(text, policy),
        "titles": " ".join(policy.level_names(level)[-1] for level in own),
        "places": [list(policy.levels).index(level) for level in own],
    }


def _editions(content: EditionContent) -> list[dict[str, Any]]:
    own: EarlierEdition = (content.name, content.as_of, content.changed)
    earlier = sorted(content.earlier, key=lambda edition: _order(edition[0]), reverse=True)
    return [
        _edition(edition, content.policy, limit)
        for edition, limit in [(own, OWN_CHANGES), *((one, EARLIER_CHANGES) for one in earlier)]
    ]


def _order(name: str) -> tuple[int, ...]:
    cycle, _, number = name.partition(".")
    return (*map(int, cycle.split("-")), int(number))


def _edition(edition: EarlierEdition, policy: Policy, limit: int) -> dict[str, Any]:
    name, as_of, changed = edition
    record = {"name": name, "as_of": chinese_date(as_of)}
    if not isinstance(changed, pd.DataFrame):
        return {**record, "counts": [int(changed.get(kind, 0)) for kind in CHANGE_KINDS], "rows": []}
    listed = changed[CHANGE_COLUMNS].head(limit).fillna("").itertuples(index=False, name=None)
    kinds = {kind: place for place, kind in enumerate(CHANGE_KINDS)}
    rows = [
        [
            kinds[kind],
            *map(visible, (uscc, institution, code, trade_title(occupation, work_type))),
            *_moved(before, after or _why(reason, document_no), policy),
        ]
        for uscc, institution, code, occupation, work_type, kind, before, after, reason, document_no in listed
    ]
    return {**record, "counts": list(change_counts(changed).values()), "rows": rows}


def _why(reason: str, document_no: str) -> str:
    """What became of a row that is gone, as people read it."""
    return f"{reason}（{document_no}）" if reason and document_no else reason or document_no


def _moved(before: str, after: str, policy: Policy) -> list[str]:
    return [visible(change_text(text, policy)) for text in (before, after)]
