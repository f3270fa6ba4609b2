"""One entry of the append-only history, and the digest that chains it to the one before."""

import hashlib
import json
from collections.abc import Sequence

#: What the digest covers, in this order; `entry` is the number of the entry.
CHAINED = ("entry", "kind", "subject", "occupation_code", "level", "was", "became", "because", "by", "on", "run_id")

#: The digest before the first entry.
GENESIS = "0" * 64

_as_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def digest(previous: str, entry: Sequence[object]) -> str:
    """SHA-256 over the digest before and this entry's values, in the order of CHAINED."""
    return hashlib.sha256(_as_json([previous, *map(str, entry)]).encode()).hexdigest()
