"""Who did and read what: one JSON line each, in a private file that is only ever added to."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from schemas.finding import hidden
from tasks.gateways.disk import files

FILE = "access.jsonl"


def note(home: Path, who: str, act: str, **more: object) -> None:
    """Add a line: when, who, what they did, and the rest of what is known of it."""
    entry = {"at": datetime.now(UTC).isoformat(timespec="seconds"), "who": who, "what": act, **more}
    # hidden: the log itself holds nobody's number
    files.append_lines(home / FILE, hidden(json.dumps(entry, ensure_ascii=False, default=str)))


def entries(home: Path) -> Iterator[dict[str, object]]:
    """Every line, oldest first; one that a full disk cut short is passed over."""
    place = home / FILE
    if not place.exists():
        return
    with place.open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            try:
                yield json.loads(line)
            except ValueError:
                continue
