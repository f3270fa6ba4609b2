"""The numbers and lists of the notice, read from policy files.

Source: `schemas/policies/*.toml`. A policy holds from its `in_force_from`; a cycle is worked by the policy in force on its
deadline, reckoned with that policy's own months and day. To change a number, copy the newest file into the folder
FILING_POLICIES names, change it there, and say from when.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, ValidationError, model_validator

from schemas import policy_parts as parts
from schemas import toml_file
from schemas.errors import RefusedError, WrongUseError
from schemas.law.cycle import CycleId, add_months, assumed_next, deadline_day, month_of, months_around, window
from schemas.policy_parts import ContradictionError
from schemas.settings import settings
from schemas.submission import Column, Table


class Policy(parts.Part):
    """One policy file, whole: a value that is missing, unknown or contradicts another is refused when it is read."""

    name: Annotated[str, toml_file.written(r"^[a-z0-9][a-z0-9_-]*$", "small letters, digits, - and _")]
    title: parts.Title
    document: parts.Title
    in_force_from: date
    timezone: parts.Zone
    cycle: parts.CycleNumbers
    correction: parts.Correction
    evaluation: parts.Evaluation
    decision: parts.Decision
    closing: parts.Closing
    publication: parts.Publication
    validity: parts.Validity
    dormancy: parts.Dormancy
    cap: parts.Cap
    adjustment: parts.Adjustment
    retention: parts.Retention
    inspection: parts.Inspection
    regions: parts.Regions
    province: parts.Province
    occupations: parts.Occupations
    levels: dict[parts.LevelCode, parts.Title] = Field(min_length=1, max_length=parts.MOST_LEVELS)
    materials: dict[parts.Name, parts.Title] = Field(min_length=1, max_length=parts.MOST_MATERIALS)
    required: parts.Required
    institution: Annotated[dict[parts.Name, parts.InstitutionType], Field(min_length=1)]
    staff: parts.Staff
    attachments: parts.Attachments
    #: Where this city's notice says what an article of the shipped one does; empty for the shipped notice itself.
    articles: dict[str, parts.Title] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        types = self.institution_types
        self._assert_known("cap", {"capped": self.cap.capped, "saturation_counts": self.cap.saturation_counts}, types)
        self._assert_known("required", self.required.model_dump(), self.materials)
        for name, kind in self.institution.items():
            self._assert_known(f"institution.{name}", {"levels": kind.levels}, self.levels)
            self._assert_known(f"institution.{name}", {"materials": kind.materials}, self.materials)
        parts.assert_distinct("institution", types.values())
        parts.assert_distinct("materials", [*self.materials, *self.materials.values()])
        level_names = (name for code in self.levels for name in self.level_names(code))
        parts.assert_distinct("levels", [*self.levels, *level_names])
        self._assert_known("articles", {"articles": self.articles}, parts.ARTICLES)
        if self.articles and (missing := [article for article in parts.ARTICLES if article not in self.articles]):
            raise parts.ContradictionError("articles", f"names some articles, but not {', '.join(missing)}")
        return self

    def _assert_known(self, part: str, lists: Mapping[str, Iterable[str]], codes: Iterable[str]) -> None:
        for field, values in lists.items():
            for value in values:
                if value not in codes:
                    raise ContradictionError(f"{part}.{field}", f"names '{value}', which is none of {', '.join(codes)}")

    def article(self, shipped: str) -> str:
        """Where this city's notice says what an article of the shipped one does."""
        return self.articles.get(shipped, shipped)

    @property
    def institution_types(self) -> dict[str, str]:
        """Type to title."""
        return {name: kind.title for name, kind in self.institution.items()}

    @property
    def region_names(self) -> dict[str, str]:
        """Region code to the name it is shown by."""
        return {code: names[0] for code, names in self.regions.names.items()}

    def materials_of(self, institution_type: str) -> list[str]:
        """Institution-level materials a type must hand in (Notice, article 2(1) to 2(5))."""
        return [*self.required.every_institution, *self.institution[institution_type].materials]

    def level_names(self, code: str) -> list[str]:
        """The names a level goes by: `三级` and `高级工` of `三级/高级工`; a code that is no level is its own name."""
        return [name.strip() for name in self.level_title(code).split("/")]

    def level_title(self, code: str) -> str:
        """`3` as `三级/高级工`, also a level that only another policy of its city has; what is no level stays as it is."""
        others = () if code in self.levels else reversed(all_policies())
        return next((one.levels[code] for one in (self, *others) if one.name == self.name and code in one.levels), code)

    def in_level_order(self, codes: Iterable[str]) -> list[str]:
        """Level codes from the lowest to the highest; those that are no level come last."""
        return sorted(codes, key=self.level_place)

    def level_place(self, code: str) -> tuple[int, str]:
        """What levels are sorted by."""
        return next((place for place, level in enumerate(self.levels) if level == code), len(self.levels)), code

    def column(self, column: Column) -> Column:
        """A column with the words and other spellings that this policy gives it."""
        match column.listed:
            case "":
                return column
            case "institution_types":
                return replace(column, words=self.institution_types)
            case "materials":
                return replace(column, words=self.materials)
            case "levels":
                also = {name: code for code in self.levels for name in self.level_names(code)}
                return replace(column, words=self.levels, also=also)
            case "regions":
                also = {name: code for code, names in self.regions.names.items() for name in names}
                return replace(column, words=self.region_names, also=also)

    def table(self, table: Table) -> Table:
        """A table with the words that this policy gives its columns."""
        return replace(table, columns=tuple(map(self.column, table.columns)))

    def has(self, cycle: CycleId) -> bool:
        """Whether the policy has a cycle in that month."""
        return month_of(cycle) in self.cycle.months

    def deadline(self, cycle: CycleId) -> date:
        """The cycle's last day, rolled to the next working day where the policy says so (Notice, article 3(1))."""
        day = deadline_day(cycle, self.cycle.deadline_day)
        return day if self.cycle.roll == "none" else assumed_next(day)

    def window(self, cycle: CycleId) -> tuple[datetime, datetime]:
        """Both ends of the cycle's window, each included."""
        return window(self.deadline(cycle), self.cycle.window_months, self.timezone)

    def last_cycle_on(self, day: date) -> CycleId:
        """The last cycle by this policy's calendar whose deadline is on or before a day."""
        months = months_around(add_months(day, -13), day)
        return max(month for month in months if self.has(month) and self.deadline(month) <= day)


class UnusablePolicyError(RefusedError, ValueError):
    """A policy file that cannot be read: one sentence naming file and field."""


class UnknownCycleError(WrongUseError, ValueError):
    """A month in which no policy has a cycle."""


def all_policies() -> tuple[Policy, ...]:
    """Every policy there is, oldest first: those in the package, then those in the folder FILING_POLICIES names.

    Of two policies in force from the same day the folder's counts. Raises UnusablePolicyError.
    """
    if _instead:
        return (_instead[-1],)
    folder = settings().policies
    return _merged(folder.expanduser().resolve() if folder else None)


_instead: list[Policy] = []


@contextmanager
def instead(policy: Policy) -> Iterator[None]:
    """One policy in place of every other, whenever it is in force: what a cycle is compared under."""
    _instead.append(policy)
    try:
        yield
    finally:
        _instead.pop()


def read(path: Path) -> Policy:
    """The policy of a file; raises UnusablePolicyError."""
    return _read(str(path), path)


@cache
def _merged(folder: Path | None) -> tuple[Policy, ...]:
    if folder is None:
        return shipped()
    if not folder.is_dir():
        raise UnusablePolicyError(
            f"FILING_POLICIES names {folder}, which is no folder: give the folder of policy files"
        )
    added = _folder(folder)
    if not added:
        raise UnusablePolicyError(
            f"FILING_POLICIES names {folder}, which holds no policy: the name of a policy file ends in .toml"
        )
    others = [policy for policy in shipped() if not _succeeds_another_city(policy, added)]
    return tuple(sorted([*others, *added], key=lambda policy: policy.in_force_from))


def _succeeds_another_city(policy: Policy, added: list[Policy]) -> bool:
    """Whether a shipped policy would take the place of an earlier one of the folder, and is of no city in it."""
    cities, since = {other.name for other in added}, min((other.in_force_from for other in added), default=date.max)
    return policy.name not in cities and policy.in_force_from >= since


@cache
def shipped() -> tuple[Policy, ...]:
    """Every policy in the package, oldest first."""
    return tuple(_folder(files("schemas") / "policies"))


def _folder(folder: Traversable) -> list[Policy]:
    """The policies of a folder, oldest first; raises UnusablePolicyError, also for two in force from one day."""
    entries = sorted((file for file in folder.iterdir() if file.name.endswith(".toml")), key=lambda file: file.name)
    read = sorted(((_read(file.name, file), file.name) for file in entries), key=lambda pair: pair[0].in_force_from)
    for (former, one), (later, other) in pairwise(read):
        if former.in_force_from == later.in_force_from:
            raise UnusablePolicyError(
                f"policy files {one} and {other}: both are in_force_from {later.in_force_from}; leave one of them out"
            )
    return [policy for policy, _ in read]


def _read(name: str, entry: Traversable) -> Policy:
    try:
        return Policy.model_validate(toml_file.tables(entry))
    except ValidationError as wrong:
        raise UnusablePolicyError(f"policy file {name}: {toml_file.mistake(wrong.errors())}") from wrong
    except toml_file.MistakeError as wrong:
        raise UnusablePolicyError(f"policy file {name} {wrong}") from wrong


def in_force(day: date) -> Policy:
    """The policy in force on a day; before the first one, the first."""
    policies = all_policies()
    return next((policy for policy in reversed(policies) if policy.in_force_from <= day), policies[0])


def for_cycle(cycle: CycleId) -> Policy:
    """The policy in force on the cycle's deadline, reckoned with that policy's own months and day.

    Where a later deadline day lets two answer, the later policy counts: it reopens the window. Where an earlier one lets
    none answer, the policy in force when the month began does. Raises UnknownCycleError.
    """
    having = [policy for policy in all_policies() if policy.has(cycle)]
    answering = next((policy for policy in reversed(having) if in_force(policy.deadline(cycle)) is policy), None)
    policy = answering or in_force(deadline_day(cycle, 1))
    if policy not in having:
        months = ", ".join(f"{month:02d}" for month in sorted(policy.cycle.months))
        raise UnknownCycleError(f"'{cycle}' is not a cycle: {policy.title} has cycles in the months {months}")
    return policy


def cycle_on(day: date) -> CycleId:
    """The cycle whose window opened last on or before a day (Notice, article 3(1))."""
    return max(
        cycle
        for cycle, policy in _cycles(add_months(day, -13), add_months(day, 13))
        if policy.window(cycle)[0].date() <= day
    )


def last_cycle_on(day: date) -> CycleId:
    """The last cycle whose deadline is on or before a day."""
    return max(cycle for cycle, policy in _cycles(add_months(day, -13), day) if policy.deadline(cycle) <= day)


def _cycles(first: date, last: date) -> Iterator[tuple[CycleId, Policy]]:
    """The cycles of the months from the first day's to the last day's, each with its policy."""
    for month in months_around(first, last):
        try:
            yield month, for_cycle(month)
        except UnknownCycleError:
            continue


def level_order() -> dict[str, int]:
    """Level codes by their places from the lowest to the highest: the newest policy's, then those only older ones have."""
    codes = dict.fromkeys(code for policy in reversed(all_policies()) for code in policy.levels)
    return {code: place for place, code in enumerate(codes)}


def any_policy(column: Column) -> Column:
    """A column with the words that any policy there is gives it: a file may hold applications of several cycles."""
    bound = [policy.column(column) for policy in all_policies()]
    words = {word: title for view in bound for word, title in view.words.items()}
    return replace(column, words=words, also={name: word for view in bound for name, word in view.spellings().items()})
