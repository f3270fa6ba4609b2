"""One entry of the append-only history, and the digest that chains it to the one before."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

#: What the digest covers, in this order; `entry` is the number of the entry.
CHAINED = ("entry", "kind", "subject", "occupation_code", "level", "was", "became", "because", "by", "on", "run_id")

#: The digest before the first entry.
GENESIS = "0" * 64


def digest(previous: str, entry: Mapping[str, Any]) -> str:
    """SHA-256 over the digest before and this entry's chained fields."""
    text = json.dumps([previous, *(str(entry[field]) for field in CHAINED)], ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
