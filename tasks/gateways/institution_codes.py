"""The province's institution codes (机构编码) as they come back in a file; entering them belongs to importing."""

import re
from pathlib import Path

import pandas as pd

from tasks.gateways.sources import pull_file

#: Contract section 3: province letter, year, Hubei's 42, six digits.
CODE = re.compile(r"[YS]\d{4}42\d{6}")


def read_codes(file: Path) -> tuple[pd.DataFrame, list[str]]:
    """uscc and institution_code of every readable row, and a Chinese sentence for each row that is left out."""
    pulled = pull_file(file, "register")
    complaints = [spoilt.reason for spoilt in pulled.quarantined]
    if "register" not in pulled.tables:
        return pd.DataFrame(columns=["uscc", "institution_code"]), complaints
    rows = pulled.tables["register"][["uscc", "institution_code", "row"]].fillna("")
    good = rows["institution_code"].str.fullmatch(CODE.pattern) & (rows["uscc"] != "")
    complaints += [
        f"{file.name}第{row.row}行：机构编码“{row.institution_code}”应为Y或S加4位数字、42和6位数字，请核对后重新导入"
        for row in rows[~good].itertuples(index=False)
    ]
    return rows[good].drop(columns="row").drop_duplicates("uscc", keep="last").astype("str"), complaints
