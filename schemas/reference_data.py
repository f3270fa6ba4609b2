"""Facts shipped with the package: occupations, later occupations, access-type qualifications.

Source and edition of each file stand in `schemas/reference/manifest.toml`.
"""

import tomllib
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from io import StringIO

import pandas as pd


@dataclass(frozen=True)
class ReferenceFile:
    """One shipped file: what it holds, where it comes from, which edition."""

    name: str
    title: str
    source: str
    edition: str
    rows: int


@dataclass(frozen=True, eq=False)
class Reference:
    """All shipped facts, as frames of text (`published_on` as ISO dates)."""

    occupations: pd.DataFrame  # code, name, minor_class_code, minor_class_name, marks
    later: pd.DataFrame  # batch, document, published_on, name, code_2022
    access: pd.DataFrame  # item, group, qualification, code_2022, occupation_2022, coverage

    def occupation_names(self) -> dict[str, str]:
        """Dictionary code to Dictionary name."""
        return dict(zip(self.occupations["code"], self.occupations["name"], strict=True))

    def later_names(self, day: date) -> set[str]:
        """Names of later occupations without a Dictionary code, published on or before a day."""
        uncoded = self.later[self.later["code_2022"].isna() & (self.later["published_on"] <= day.isoformat())]
        return set(uncoded["name"])


def _frame(name: str) -> pd.DataFrame:
    text = (files("schemas") / "reference" / name).read_text("utf-8")
    return pd.read_csv(StringIO(text), dtype="str")


@cache
def reference() -> Reference:
    """The shipped facts, read once."""
    return Reference(
        occupations=_frame("occupations_2022.csv"),
        later=_frame("new_occupations.csv"),
        access=_frame("access_qualifications_2021.csv"),
    )


def manifest() -> list[ReferenceFile]:
    """What is shipped, with source and edition."""
    text = (files("schemas") / "reference" / "manifest.toml").read_text("utf-8")
    return [ReferenceFile(**entry) for entry in tomllib.loads(text)["file"]]
