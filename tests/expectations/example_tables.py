"""The tables of examples, and what checking each of them gives."""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from tests.expectations.sound import Case, Row, checked_results, credit_code, sound


@dataclass(frozen=True)
class Example:
    """One row of an example table: a sound application spoiled in one way, and what is found."""

    rule: str
    text: Row
    of_results: bool = False

    @property
    def finds(self) -> list[tuple[str, ...]]:
        """(row, field) or (row, field, value) of each finding of the rule, sorted."""
        return sorted(tuple(text.replace("=", " ", 1).split(" ", 2)) for text in self.text.get("finds", []))

    @property
    def alone(self) -> bool:
        """Whether it is checked by itself; the others are checked together, each under a number and a code of its own."""
        text = self.text
        if self.of_results:
            return any("application_no" in row for name in ("results", "sent") for row in text.get(name, []))
        names_a_code = "uscc" in text.get("applications", {}) or any(
            "uscc=" in found for found in text.get("finds", [])
        )
        scene_of_all = any(part in text for part in OF_ALL) or text.get("activities") == "none"
        return names_a_code or scene_of_all or any("uscc" in row for row in self._past())

    @property
    def has_past(self) -> bool:
        """Whether anything is known of the applicant beside the application."""
        return any(part in self.text for part in OF_APPLICANT)

    def _past(self) -> list[Row]:
        return [row for part in OF_APPLICANT for row in self.text.get(part, [])]

    def case(self, place: int | None = None) -> Case:
        """Its application and scene; with a place, under the credit code of that place among others."""
        text = self.text
        made = sound(text.get("type", "enterprise"), occupations=text.get("occupations"))
        made.cycle = text.get("cycle", made.cycle)
        form = made.tables["applications"][0]
        form.update(self._form_changes())
        if place is not None:
            form["uscc"] = credit_code(form["uscc"][:8], f"{form['uscc'][8:10]}{place:06d}")
        for table, rows in made.tables.items():
            self._spoil(table, rows)
        self._set_scene(made)
        return made

    def _spoil(self, table: str, rows: list[Row]) -> None:
        text = self.text
        if table in text and table in ("programmes", "staff"):
            rows[:] = [{"application_no": "A1", **row} for row in text[table]]
        without = text.get(f"{table}_without", [])
        rows[:] = [row for row in rows if not without or row[_NAMED_BY[table]] not in without]
        for place, changes in text.get(f"{table}_changed", {}).items():
            rows[int(place) - 1].update(changes)
        rows += [{**rows[-1], **row} for row in text.get(f"{table}_more", [])]

    def _form_changes(self) -> Row:
        changes = dict(self.text.get("applications", {}))
        if "submitted_at" in changes:
            changes.setdefault("first_submitted_at", changes["submitted_at"])
        return changes

    def _set_scene(self, made: Case) -> None:
        uscc = made.tables["applications"][0]["uscc"]
        holder = {
            "uscc": uscc,
            "institution_type": self.text.get("type", "enterprise"),
            "filed_on": "2024-04-20",
            "valid_until": "2027-04-19",
        }
        made.on_file = [
            holder | {**row, "level": level}
            for row in self.text.get("on_file", [])
            for level in row["levels"].split(",")
        ]
        made.activities = (
            None
            if self.text.get("activities") == "none"
            else [{"uscc": uscc} | row for row in self.text.get("activities", [])]
        )
        made.peers = self.text.get("peers", [])
        made.present_codes = {row["old_code"]: row["new_code"] for row in self.text.get("renumbered", [])}
        made.beside = {name: [{"uscc": uscc} | row for row in self.text[name]] for name in BESIDE if name in self.text}


#: Frames of the scene that an example may set; rows are the applicant's own unless they say otherwise.
BESIDE = ("peer_items", "under_way", "institutions", "suspensions", "revocations", "matters")
#: What of a scene concerns every applicant, and what the one whose code it bears.
OF_ALL = ("peers", "peer_items", "cycle", "renumbered")
OF_APPLICANT = ("on_file", "activities", "under_way", "institutions", "suspensions", "revocations", "matters")
#: What `<table>_without` names.
_NAMED_BY = {"materials": "material", "staff": "role"}


class Outcomes:
    """The findings of every example (and which results were accepted), from as few checks as can be."""

    def __init__(self, every: list[Example]) -> None:
        together = [example for example in every if not example.alone]
        results = [example for example in together if example.of_results]
        past = [example for example in together if example.has_past and not example.of_results]
        plain = [example for example in together if not example.has_past and not example.of_results]
        # applications are numbered A1, A2, ... in each check
        self._numbers = {id(one): f"A{place}" for batch in (results, past, plain) for place, one in enumerate(batch, 1)}
        self._results = checked_results(*(example.text for example in results))
        self._with_past, self._plain = _findings_of(past), _findings_of(plain)

    def of(self, example: Example) -> tuple[pd.DataFrame, list[bool]]:
        """The example's findings and, for results, which rows were accepted."""
        if example.of_results:
            checked = checked_results(example.text) if example.alone else self._results
            accepted = self._own(checked.readings, example)["accepted"].tolist()
            return self._own(checked.findings, example), accepted
        if example.alone:
            return example.case().check().findings, []
        return self._own(self._with_past if example.has_past else self._plain, example), []

    def _own(self, rows: pd.DataFrame, example: Example) -> pd.DataFrame:
        return rows if example.alone else rows[rows["application_no"] == self._numbers[id(example)]]


def _findings_of(batch: list[Example]) -> pd.DataFrame:
    """The findings on applications that are checked together, A1, A2, ... in their order."""
    whole = sound()
    for rows in whole.tables.values():
        rows.clear()
    for place, example in enumerate(batch, 1):
        case = example.case(place)
        for table, rows in case.tables.items():
            whole.tables[table] += [{**row, "application_no": f"A{place}"} for row in rows]
        whole.on_file += case.on_file
        whole.activities = [*(whole.activities or []), *(case.activities or [])]
        for name, rows in case.beside.items():
            whole.beside[name] = whole.beside.get(name, []) + rows
    return whole.check().findings


def examples() -> Iterator[Example]:
    """Every example of every table, in the order of the files."""
    for path in sorted((Path(__file__).parent / "examples").glob("*.toml")):
        for rule, rows in tomllib.loads(path.read_text("utf-8")).items():
            yield from (Example(rule, row, path.stem == "results") for row in rows)
