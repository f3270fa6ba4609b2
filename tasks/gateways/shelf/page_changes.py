"""The changes of every edition as data for the directory's page: texts and names by their place in lists, each once."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from schemas.directory import CHANGE_COLUMNS, CHANGE_KINDS, OCCUPATION_COLUMNS, change_text
from schemas.directory_changes import change_counts
from schemas.item import trade_title
from schemas.policy import Policy
from schemas.rows import tuples
from tasks.gateways.paper.visible_text import visible
from tasks.gateways.shelf.content import EarlierEdition, EditionContent, chinese_date

#: The page lists at most so many changes of its own edition, and of each earlier one; `changes.csv` has them all.
CHANGES, EARLIER_CHANGES = 2000, 500


def change_data(content: EditionContent, institutions: pd.DataFrame, occupations: pd.DataFrame) -> dict[str, Any]:
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
    """The places of the institutions, occupations and parts of texts that the list of changes refers to."""

    institutions: Mapping[tuple[str, ...], int]
    occupations: Mapping[tuple[str, ...], int]
    parts: dict[str, int] = field(default_factory=dict)

    def institution(self, uscc: str, name: str) -> int | list[str]:
        """The place of an institution of this name; its code and name where the page has no row of it."""
        place = self.institutions.get((uscc, name))
        return [visible(uscc), visible(name)] if place is None else place

    def occupation(self, code: str, name: str, work_type: str) -> int | list[str]:
        """The place of an occupation; its code and title where the page has no row of it."""
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
