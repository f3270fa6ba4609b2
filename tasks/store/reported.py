"""What the report to the province tells beside the directory: who runs the institutions, and the exceptions behind it."""

import pandas as pd
from sqlalchemy import Connection, and_, select

from schemas import tables
from schemas.item import TRADE
from tasks.store import decisions, frames, register

#: What an institution's newest application states of it beside what the register keeps.
PARTICULARS = ["affiliation", "legal_representative", "contact_name", "contact_phone"]
#: One permission behind what was filed.
EXCEPTIONS = [
    *("uscc", "application_no", "occupation_code", "rule"),
    *("document_no", "decided_by", "decided_at", "reason"),
]


def particulars(db: Connection) -> pd.DataFrame:
    """uscc and PARTICULARS of every institution that ever applied, as its newest current version states them."""
    application, version = tables.application, tables.application_version
    current = and_(version.c.application_no == application.c.application_no, version.c.version == application.c.version)
    columns = (application.c.uscc, *(version.c[name] for name in PARTICULARS))
    order = (application.c.cycle, version.c.submitted_utc, application.c.application_no)
    statement = select(*columns).join(version, current).where(application.c.uscc.is_not(None)).order_by(*order)
    return frames.read(db, statement).fillna("").drop_duplicates("uscc", keep="last", ignore_index=True)


def exceptions(db: Connection, changed: pd.DataFrame) -> pd.DataFrame:
    """The permissions behind these rows of the directory (uscc, TRADE): EXCEPTIONS, sorted by them.

    A permission counts where it concerns an application that filed one of the rows, and its occupation or all of it;
    of several under a rule the latest.
    """
    entries = register.current_entries(db).dropna(subset=["application_no"])
    filed = entries.merge(changed[["uscc", *TRADE]].drop_duplicates())[["uscc", "application_no", "occupation_code"]]
    rulings = [decisions.of_cycle(db, cycle) for cycle in sorted(set(entries["cycle"].dropna()))]
    if filed.empty or not rulings:
        return pd.DataFrame(columns=EXCEPTIONS, dtype=frames.TEXT)
    latest = pd.concat(rulings).drop_duplicates(["application_no", "rule", "occupation_code"], keep="last")
    granted = latest[latest["verdict"] == "permit"].rename(columns={"occupation_code": "concerns"})
    pairs = filed.drop_duplicates().merge(granted, on="application_no")
    used = pairs[(pairs["concerns"] == "") | (pairs["concerns"] == pairs["occupation_code"])]
    return used[EXCEPTIONS].drop_duplicates().sort_values(EXCEPTIONS, ignore_index=True)
