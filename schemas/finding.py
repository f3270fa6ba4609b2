"""A finding (初审意见): one rule that one row of one application does not meet; which rules there are is the rule book's."""

from typing import Literal

Nature = Literal["hard", "in_principle", "review", "advice"]

#: The columns of `findings.csv`, in order (contract section 6).
FINDING_COLUMNS = ["application_no", "rule", "nature", "article", "table", "row", "field", "value", "message"]
FINDING_ORDER = ["application_no", "rule", "table", "row", "field"]

NATURES_ZH: dict[str, str] = {"hard": "须补正", "in_principle": "原则性例外", "review": "请核定", "advice": "提示"}


def masked(identity_number: str) -> str:
    """An identity number with all but its first 6 and last 2 characters hidden; short ones are hidden whole."""
    hidden = len(identity_number) - 8
    if hidden <= 0:
        return "*" * len(identity_number)
    return f"{identity_number[:6]}{'*' * hidden}{identity_number[-2:]}"
