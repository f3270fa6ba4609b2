"""The takeover: what was on file before the first run, entered from a register handed over."""

from datetime import date

import pandas as pd
from sqlalchemy import Connection, select

from schemas import tables
from schemas.directory import audiences_of
from schemas.item import ALONG, TRADE, own_name_in
from schemas.reference_data import reference
from schemas.run import Run
from tasks.store import code_changes, frames, history, institutions, register

_entry = tables.qualification_item


def take_over(db: Connection, rows: pd.DataFrame, run: Run) -> int:
    """Enter what was on file before the first run (REGISTER columns, ISO dates); returns how many levels were new.

    A row holds one level or all of an occupation; without an audience, or an enterprise's name of the occupation, it keeps
    the one that an earlier one gave.
    An entry this program made or adjusted itself is not touched; one taken over earlier is superseded where it differs.
    Of several terms of one level the one that ends last counts, whatever their order.
    """
    codes = code_changes.follow_occupations(db, rows["occupation_code"])
    rows = _by_level(rows.assign(uscc=institutions.followed(db, rows["uscc"]), occupation_code=codes))
    rows = rows.sort_values("valid_until", kind="stable").drop_duplicates(register.KEYS, keep="last").sort_index()
    present = register.current_entries(db).drop_duplicates(register.KEYS, keep="last")
    both = rows.merge(present, on=register.KEYS, how="left", suffixes=("", "_present"))
    ours = both["entry"].notna() & ~register.as_taken_over(both)
    both["audiences"] = both["audiences"].where(both["audiences"] != "", both["audiences_present"].fillna(""))
    both["own_name"] = both["own_name"].where(both["own_name"] != "", both["own_name_present"].fillna(""))
    columns = ("filed_on", "valid_until", *ALONG)
    same = pd.concat([both[name] == both[f"{name}_present"] for name in columns], axis=1).all(axis=1)
    new = both[~ours & ~same]
    institutions.name(db, new, run)
    register.write(db, new.assign(application_no=None, cycle=None, because="名册接收"), run)
    return len(new)


def _by_level(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows of a register handed in as entries have them: one level each, audiences joined."""
    single = rows.assign(
        own_name=_own_names(rows),
        work_type=rows["work_type"].fillna(""),
        audiences=[audiences_of([words]) for words in rows["audience"].fillna("")],
        level=rows["level"].str.split(","),
    )
    return single.explode("level").astype({"level": frames.TEXT}).reset_index(drop=True)


def _own_names(rows: pd.DataFrame) -> list[str]:
    """What enterprises call unlisted occupations, as a directory of ours tells it; blank elsewhere."""
    if "occupation_name" not in rows.columns:
        return [""] * len(rows)
    names = reference().occupation_names()
    titles = zip(rows["occupation_name"].astype(frames.TEXT).fillna(""), rows["occupation_code"], strict=True)
    return [own_name_in(title, names.get(code, code)) for title, code in titles]


def handed_over(db: Connection, *, ever: bool) -> pd.DataFrame:
    """What registers taken over said of each level that was not over then: the columns of `register.on_file`.

    The institutions as they were first; nothing that goes by another code since. `ever`: also what became otherwise.
    """
    columns = (*(_entry.c[name] for name in (*register.KEYS, *ALONG)), _entry.c.filed_on, _entry.c.valid_until)
    as_taken_over = (
        _entry.c.application_no.is_(None),
        _entry.c.ended_by.is_(None),
        _entry.c.valid_until >= _entry.c.known_from,
    )
    present = () if ever else (_entry.c.known_to.is_(None),)
    rows = frames.read(db, select(*columns).where(*as_taken_over, *present).order_by(_entry.c.entry))
    last = rows.drop_duplicates(register.KEYS, keep="last").merge(institutions.on(db, date.min), on="uscc")
    elsewhere = pd.MultiIndex.from_frame(last[["uscc", *TRADE]]).isin(list(history.carried_over(db)))
    return last[~elsewhere].reset_index(drop=True)


def taken_over(db: Connection) -> set[tuple[str, str]]:
    """uscc and occupation_code of everything that was on file before the first run, under their present codes."""
    statement = select(_entry.c.uscc, _entry.c.occupation_code).where(_entry.c.application_no.is_(None))
    return {(uscc, code) for uscc, code in db.execute(statement)}
