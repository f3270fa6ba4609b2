"""One entry of the append-only history: its facts, and the digest that chains it to the one before."""

import hashlib
import json
from collections.abc import Sequence

from pydantic_core import to_json

from schemas.item import UNIT

#: The columns of an entry, in this order; `entry` is its number, `facts` canonical JSON. The digest covers all but the
#: last: the name of a run is made by chance, and the same acts have the same digests wherever they are done.
CHAINED = ("entry", "kind", "subject", *UNIT, "was", "became", "because", "facts", "by", "on", "run_id")

#: The digest before the first entry.
GENESIS = "0" * 64


def digest(previous: str, entry: Sequence[object]) -> str:
    """SHA-256 over the digest before and this entry's values, in the order of CHAINED, without the name of its run."""
    return hashlib.sha256(to_json([previous, *map(str, entry[: len(CHAINED) - 1])])).hexdigest()


def facts_text(**facts: object) -> str:
    """Facts of an entry as the history keeps them: JSON with sorted keys; days are ISO text, what is None is left out."""
    return to_json({name: str(value) for name, value in sorted(facts.items()) if value is not None}).decode()


def facts_of(text: str) -> dict[str, str]:
    """The facts of an entry, by name."""
    facts: dict[str, str] = json.loads(text)
    return facts
