"""How what a rule found is mended, in the words of a letter (`remedies.toml`)."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files


@cache
def remedies() -> Mapping[str, str]:
    """The remedy of every rule that has one, by its code."""
    return tomllib.loads((files("tasks.letters") / "remedies.toml").read_text("utf-8"))
