"""Other words of the trade for the words of lists, answers, units and blanks, read from the data beside the lists."""

import tomllib
from collections.abc import Mapping
from importlib.resources import files
from typing import Any, Final

_DATA: Final[Mapping[str, Any]] = tomllib.loads((files("schemas") / "reference" / "synonyms.toml").read_text("utf-8"))

SYNONYMS: Final[Mapping[str, Mapping[str, list[str]]]] = _DATA["words"]
"""Column, or list of the policy, to its words' titles and their synonyms."""
YES: Final[list[str]] = _DATA["answers"]["yes"]
NO: Final[list[str]] = _DATA["answers"]["no"]
SENSES: Final[Mapping[str, Mapping[str, list[str]]]] = {
    name: answers for name, answers in _DATA["answers"].items() if isinstance(answers, dict)
}
"""Columns in which other words say `yes` and `no`, and some are `silent`."""
NOTHING: Final[list[str]] = _DATA["nothing"]["words"]
"""What stands in an optional cell to say that there is nothing."""
UNITS: Final[Mapping[str, list[str]]] = _DATA["units"]
"""Column to what may stand behind its numbers."""
SIZES: Final[Mapping[str, int]] = _DATA["sizes"]
"""Units of sizes, in bytes."""
TABLE_NAMES: Final[Mapping[str, list[str]]] = _DATA["tables"]
"""Table to other names of its sheet or file."""
COLUMN_NAMES: Final[Mapping[str, Mapping[str, list[str]]]] = _DATA["columns"]
"""Table and column to other names of the column."""
