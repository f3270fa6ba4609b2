"""The outbox of alerts to the operators: one row an occasion, delivered once by each way that is set up."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from sqlalchemy import Connection, insert, select, update

from schemas.tables import alert

#: The ways an alert goes, with the column that remembers it went.
WAYS = {"mail": alert.c.mailed_at, "webhook": alert.c.posted_at}


@dataclass(frozen=True)
class Alert:
    """One thing a person has to see to: its occasion is its key; `told` is said to the person."""

    occasion: str
    kind: str
    cycle: str
    told: str


def write(db: Connection, alerts: Sequence[Alert], day: date) -> list[str]:
    """Put alerts into the outbox whose occasion has had none; returns the new occasions, sorted."""
    known = set(db.execute(select(alert.c.occasion)).scalars())
    new = {each.occasion: each for each in alerts if each.occasion not in known}
    rows = [
        {"occasion": each.occasion, "kind": each.kind, "cycle": each.cycle, "told": each.told, "raised_on": day}
        for _, each in sorted(new.items())
    ]
    if rows:
        db.execute(insert(alert), rows)
    return sorted(new)


def undelivered(db: Connection, way: str) -> list[Alert]:
    """Alerts that have not gone this way yet, in order."""
    rows = db.execute(select(alert).where(WAYS[way].is_(None)).order_by(alert.c.occasion))
    return [Alert(row.occasion, row.kind, row.cycle, row.told) for row in rows]


def delivered(db: Connection, occasion: str, way: str) -> None:
    """Note that an alert has gone this way."""
    db.execute(update(alert).where(alert.c.occasion == occasion).values({WAYS[way]: datetime.now(UTC)}))
