"""The province's institution codes (机构编码) entered on the register, each with the letter that tells it.

Source: contract section 3: given by the province after the report, by the policy's pattern.
"""

import pandas as pd
from sqlalchemy import Connection

from expectations.side_tables import LeftOut
from schemas.letter_text import InstitutionCodeText
from schemas.policy import in_force
from schemas.run import Run
from schemas.submission import INSTITUTION_CODES
from tasks.gateways.paper.visible_text import visible
from tasks.gateways.sources import LINE
from tasks.letters.contents import addressee, letter
from tasks.store import institutions, letters
from tasks.store.outbox import Entry


def take_in(db: Connection, frame: pd.DataFrame, run: Run, *, replace: bool = False) -> tuple[int, list[LeftOut]]:
    """Enter the codes of these rows (INSTITUTION_CODES as cleaned text, `row`, `line`); a blank code is not given yet.

    A code that replaces another is taken only with `replace`. Nothing else of an institution is touched. Returns how
    many codes were new, and the rows that are not taken.
    """
    rows = frame[[*INSTITUTION_CODES.names, "row", LINE]].fillna(dict.fromkeys(INSTITUTION_CODES.names, ""))
    rows = rows[rows["institution_code"] != ""].drop_duplicates(["uscc", "institution_code"])
    rows["uscc"] = institutions.followed(db, rows["uscc"])
    register = institutions.current(db)
    faults = _faults(rows, register, run.policy.province.institution_code, replace=replace)
    good = rows.loc[faults == "", ["uscc", "institution_code"]]
    changed = register.drop(columns="institution_code").merge(good, on="uscc")
    bad = rows.assign(fault=faults).query("fault != ''")[["row", LINE, "uscc", "fault"]]
    left_out = [
        LeftOut(row, str(line), f"第{line}行（{visible(uscc)}）未采用：{fault}")
        for row, line, uscc, fault in bad.to_numpy().tolist()
    ]
    letters.write(
        db, _letters(changed.merge(register[["uscc", "institution_code"]], on="uscc", suffixes=("", "_was")), run), run
    )
    return institutions.name(db, changed, run), left_out


def _letters(changed: pd.DataFrame, run: Run) -> list[Entry]:
    """One letter an institution whose code is new to it; `institution_code_was`: the code it had, or none."""
    return [
        letter(
            f"institution_code:{row['uscc']}:{row['institution_code']}",
            "institution_code",
            str(row["uscc"]),
            InstitutionCodeText(
                **addressee(row, in_force(run.day), run.day),
                institution_code=row["institution_code"],
                former_code=row["institution_code_was"],
            ),
        )
        for row in changed.fillna("").to_dict("records")
        if row["institution_code"] != row["institution_code_was"]
    ]


def _faults(rows: pd.DataFrame, register: pd.DataFrame, pattern: str, *, replace: bool) -> "pd.Series[str]":
    """Why each row is not taken; blank for those that are. The first reason counts."""
    codes, holders = rows["institution_code"], register.set_index("institution_code")["uscc"]
    held = holders[holders.index != ""].groupby(level=0).first()
    another = codes.map(held).astype("str").fillna(rows["uscc"])
    texts = codes.map(visible)
    former = rows["uscc"].map(register.set_index("uscc")["institution_code"]).astype("str").fillna("")
    reasons = [
        (~codes.str.fullmatch(pattern), "机构编码“" + texts + f"”不符合省级规定的样式{pattern}，请核对后重新导入"),
        (~rows["uscc"].isin(register["uscc"]), "该机构不在备案名册内，请核对统一社会信用代码"),
        (rows["uscc"].duplicated(keep=False), "同一机构给出了不同的机构编码，请只保留一个"),
        (another != rows["uscc"], "机构编码“" + texts + "”已属于" + another + "，请核对"),
        (codes.duplicated(keep=False) & ~codes.isin(held.index), "机构编码“" + texts + "”给了不止一家机构，请核对"),
        (
            (former != "") & (codes != former) & (not replace),
            "该机构已有机构编码“" + former + "”，确需替换的，请加 --replace 重新导入",
        ),
    ]
    faults = pd.Series("", index=rows.index, dtype="str")
    for broken, sentence in reversed(reasons):
        faults = faults.mask(broken, sentence)
    return faults
