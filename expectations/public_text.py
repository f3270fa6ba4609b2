"""Whether a text that the public will read holds somebody's number (FORM-11; Notice, article 3(4))."""

import polars as pl

from expectations.verdict import Breach
from schemas.finding import IDENTITY

#: The fields that become public, by the table they stand in.
PUBLIC = {
    "applications": ("institution_name", "registered_address"),
    "occupations": ("occupation_name", "work_type"),
}
_EDGE, _BETWEEN = r"(?:^|[^0-9])", r"[ \u{00a0}\u{3000}\u{2010}-\u{2015}-]?"
_MOBILE = rf"{_EDGE}(?:\+?86{_BETWEEN})?1[3-9][0-9]{_BETWEEN}[0-9]{{4}}{_BETWEEN}[0-9]{{4}}(?:[^0-9]|$)"
_LANDLINE = rf"{_EDGE}[(（]?0[0-9]{{2,3}}[)）]?{_BETWEEN}[2-9][0-9]{{6,7}}(?:[^0-9]|$)"


def holds_number(text: pl.Expr) -> pl.Expr:
    """Whether an identity number, a mobile number or a telephone number with area code stands in a text."""
    return text.str.contains(IDENTITY) | text.str.contains(_MOBILE) | text.str.contains(_LANDLINE)


def public_text(field: str) -> Breach:
    """FORM-11 for one field."""
    return Breach("FORM-11", field, holds_number(pl.col(field)), "请删除其中的号码")
