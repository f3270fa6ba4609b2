"""The province's institution codes (机构编码) entered on the register; asking for them is the report's matter.

Source: contract section 3: `^[YS]\\d{4}42\\d{6}$`, given by the province after the report.
"""

import pandas as pd
from sqlalchemy import Connection

from schemas.run import Run
from schemas.submission import INSTITUTION_CODES
from tasks.gateways.paper.visible_text import visible
from tasks.store import institutions

CODE = r"[YS][0-9]{4}42[0-9]{6}"


def take_in(db: Connection, frame: pd.DataFrame, run: Run) -> tuple[int, list[str]]:
    """Enter the codes of these rows (INSTITUTION_CODES as cleaned text, and `row`); a blank code is not given yet.

    Nothing else of an institution is touched. Returns how many codes were new, and one Chinese sentence for each row
    that is not taken.
    """
    rows = frame[[*INSTITUTION_CODES.names, "row"]].fillna(dict.fromkeys(INSTITUTION_CODES.names, ""))
    rows = rows[rows["institution_code"] != ""].drop_duplicates(["uscc", "institution_code"])
    rows["uscc"] = institutions.followed(db, rows["uscc"])
    known = institutions.known(db)
    faults = _faults(rows, known)
    good = rows.loc[faults == "", ["uscc", "institution_code"]]
    named = known.drop(columns="institution_code").merge(good, on="uscc")
    bad = rows.assign(fault=faults).query("fault != ''")[["row", "uscc", "fault"]]
    told = [f"第{row}行（{visible(uscc)}）未采用：{fault}" for row, uscc, fault in bad.to_numpy().tolist()]
    return institutions.name(db, named, run), told


def _faults(rows: pd.DataFrame, known: pd.DataFrame) -> "pd.Series[str]":
    """Why each row is not taken; blank for those that are. The first reason counts."""
    codes, holders = rows["institution_code"], known.set_index("institution_code")["uscc"]
    held = holders[holders.index != ""].groupby(level=0).first()
    another = codes.map(held).fillna(rows["uscc"])
    shown = codes.map(visible)
    reasons = [
        (~codes.str.fullmatch(CODE), "机构编码“" + shown + "”应为Y或S加4位数字、42和6位数字，请核对后重新导入"),
        (~rows["uscc"].isin(known["uscc"]), "该机构不在备案名册内，请核对统一社会信用代码"),
        (rows["uscc"].duplicated(keep=False), "同一机构给出了不同的机构编码，请只保留一个"),
        (another != rows["uscc"], "机构编码“" + shown + "”已属于" + another + "，请核对"),
        (codes.duplicated(keep=False) & ~codes.isin(held.index), "机构编码“" + shown + "”给了不止一家机构，请核对"),
    ]
    told = pd.Series("", index=rows.index, dtype="str")
    for broken, sentence in reversed(reasons):
        told = told.mask(broken, sentence)
    return told
