"""Rows of the directory (备案目录) in their order, and what changed from one edition to another.

Source: contract section 6; Notice, article 3(4).
"""

from datetime import date

import pandas as pd

from schemas.directory import (
    CHANGE_COLUMNS,
    CHANGE_KINDS,
    CHANGE_ORDER,
    COLUMNS,
    DIRECTORY_COLUMNS,
    DIRECTORY_KEY,
    DIRECTORY_TITLES,
    GONE,
)

#: What `details_changed` tells; levels and a longer validity have kinds of their own.
_DETAILS = [column.name for column in COLUMNS if not column.move and column.name not in DIRECTORY_KEY]


def in_order(rows: pd.DataFrame) -> pd.DataFrame:
    """Directory rows with exactly the canonical columns, missing cells blank, sorted by DIRECTORY_KEY."""
    return rows[DIRECTORY_COLUMNS].fillna("").astype("str").sort_values(DIRECTORY_KEY, ignore_index=True)


def changes(before: pd.DataFrame, after: pd.DataFrame, as_of: date, causes: pd.DataFrame | None = None) -> pd.DataFrame:
    """What changed from one directory to the next, one row a DIRECTORY_KEY and change, sorted so.

    Both frames hold DIRECTORY_COLUMNS as text; the result holds CHANGE_COLUMNS. `causes`: the decisions in between,
    DIRECTORY_KEY (blank occupation: the institution's particulars), became, reason and document_no, the last of each key.
    A row that is gone is `expired` when its validity ended before `as_of`, what a decision made of it, or else `removed`;
    one that came is `added`, or `reinstated` by a decision. `before` and `after` hold levels for `levels_changed`, the
    last day of validity for `renewed`, `等级；备案日期 至 有效期至` for rows that came or went, and `栏目：值` joined by
    `；` for `details_changed`.
    """
    if before.empty and after.empty:
        return pd.DataFrame({column: pd.Series(dtype="str") for column in CHANGE_COLUMNS})
    both = in_order(before).merge(
        in_order(after), on=DIRECTORY_KEY, how="outer", suffixes=("_old", "_new"), indicator="side"
    )
    both = _with_causes(both, causes)
    gone, come, stays = both["side"] == "left_only", both["side"] == "right_only", both["side"] == "both"
    over = both["valid_until_old"] < as_of.isoformat()
    ended = both["became"].where(both["became"].isin(["suspended", "withdrawn", "revoked"]), "removed")
    kinds = ended.mask(over & ~ended.isin(["withdrawn", "revoked"]), "expired")
    back = both["became"] == "reinstated"
    longer = stays & (both["valid_until_new"] > both["valid_until_old"])
    parts = [
        _rows(both[come & ~back], "added", after=_whole(both[come & ~back], "new")),
        _rows(both[come & back], "reinstated", after=_whole(both[come & back], "new")),
        *(_rows(rows, kind, before=_whole(rows, "old")) for kind in GONE if len(rows := both[gone & (kinds == kind)])),
        _moved(both[stays & (both["levels_old"] != both["levels_new"])], "levels_changed", "levels"),
        _moved(both[longer], "renewed", "valid_until"),
        _details(both[stays], longer[stays]),
    ]
    return pd.concat(parts).sort_values(CHANGE_ORDER, ignore_index=True).astype("str")


def _with_causes(both: pd.DataFrame, causes: pd.DataFrame | None) -> pd.DataFrame:
    """Each row with what was decided about it (became, reason, document_no) and about its institution (…_named)."""
    columns = ["became", "reason", "document_no"]
    if causes is None or causes.empty:
        return both.assign(**dict.fromkeys([*columns, "reason_named", "document_no_named"], ""))
    of_row = causes[causes["occupation_code"] != ""]
    of_institution = causes.loc[causes["occupation_code"] == "", ["uscc", "reason", "document_no"]].drop_duplicates(
        "uscc"
    )
    joined = both.merge(of_row[[*DIRECTORY_KEY, *columns]], on=DIRECTORY_KEY, how="left")
    joined = joined.merge(of_institution, on="uscc", how="left", suffixes=("", "_named"))
    return joined.fillna(dict.fromkeys([*columns, "reason_named", "document_no_named"], ""))


def change_counts(changed: pd.DataFrame) -> dict[str, int]:
    """How many changes there are of each kind, every kind named."""
    counted = changed["change"].value_counts()
    return {kind: int(counted.get(kind, 0)) for kind in CHANGE_KINDS}


def _whole(rows: pd.DataFrame, side: str) -> pd.Series:
    return rows[f"levels_{side}"] + "；" + rows[f"filed_on_{side}"] + " 至 " + rows[f"valid_until_{side}"]


def _rows(
    rows: pd.DataFrame, kind: str, *, before: "pd.Series | str" = "", after: "pd.Series | str" = ""
) -> pd.DataFrame:
    names = {
        column: rows[f"{column}_new"].fillna(rows[f"{column}_old"])
        for column in ("institution_name", "occupation_name")
    }
    why = _why(rows, kind)
    return rows[DIRECTORY_KEY].assign(**names, change=kind, before=before, after=after, **why)[CHANGE_COLUMNS]


def _why(rows: pd.DataFrame, kind: str) -> "dict[str, pd.Series | str]":
    """Reason and document number of changes of a kind, where a decision made them."""
    if kind == "details_changed":
        return {"reason": rows["reason_named"], "document_no": rows["document_no_named"]}
    if kind == "expired":
        return {"reason": "", "document_no": ""}
    if kind in ("added", "renewed"):  # by an application, unless a document carried it over
        return {"reason": rows["reason"].where(rows["document_no"] != "", ""), "document_no": rows["document_no"]}
    return {"reason": rows["reason"], "document_no": rows["document_no"]}


def _moved(rows: pd.DataFrame, kind: str, column: str) -> pd.DataFrame:
    return _rows(rows, kind, before=rows[f"{column}_old"], after=rows[f"{column}_new"])


def _details(both: pd.DataFrame, longer: "pd.Series[bool]") -> pd.DataFrame:
    """Changes of everything else."""
    differs = _differing(both, longer)
    concerned = pd.concat(differs, axis=1).any(axis=1)
    rows = both[concerned]
    texts = {side: _named_values(rows, differs, side) for side in ("old", "new")}
    return _rows(rows, "details_changed", before=texts["old"], after=texts["new"])


def _differing(both: pd.DataFrame, longer: "pd.Series[bool]") -> "dict[str, pd.Series[bool]]":
    """Which rows differ in which particular; a renewal's new `filed_on` belongs to the renewal."""
    differs = {column: both[f"{column}_old"] != both[f"{column}_new"] for column in _DETAILS}
    differs["filed_on"] &= ~longer
    differs["valid_until"] = both["valid_until_new"] < both["valid_until_old"]
    return differs


def details(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    """What `details_changed` tells, one particular a row: DIRECTORY_KEY, field, before, after, as the directory has them.

    Both frames hold DIRECTORY_COLUMNS as text; in the order of CHANGE_ORDER, then of COLUMNS.
    """
    both = in_order(before).merge(in_order(after), on=DIRECTORY_KEY, suffixes=("_old", "_new"))
    differs = _differing(both, both["valid_until_new"] > both["valid_until_old"])
    parts = [
        both.loc[changed, DIRECTORY_KEY].assign(
            field=name, before=both.loc[changed, f"{name}_old"], after=both.loc[changed, f"{name}_new"]
        )
        for name, changed in differs.items()
    ]
    return pd.concat(parts).sort_values(DIRECTORY_KEY, kind="stable", ignore_index=True)


def _named_values(rows: pd.DataFrame, differs: "dict[str, pd.Series[bool]]", side: str) -> pd.Series:
    columns = [
        [f"{DIRECTORY_TITLES[name]}：{value}" if changed else "" for value, changed in zip(values, which, strict=True)]
        for name in differs
        for values, which in [(rows[f"{name}_{side}"].tolist(), differs[name][rows.index].tolist())]
    ]
    joined = ["；".join(filter(None, texts)) for texts in zip(*columns, strict=True)]
    return pd.Series(joined, index=rows.index, dtype="str")
