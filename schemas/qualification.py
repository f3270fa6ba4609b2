"""A qualification (备案资质): the key and the standings of what is on the register, and the moves between them."""

from schemas.errors import FilingError
from schemas.item import UNIT, Move

#: The key of what is on file.
KEYS = ["uscc", *UNIT]

#: Where an occupation level of an institution stands on the register.
STANDINGS: dict[str, str] = {
    "filed": "在册",
    "suspended": "暂停",
    "lapsed": "到期失效",
    "withdrawn": "注销",
    "revoked": "撤销",
    "removed": "更正移出",
    "recoded": "改用新代码",
    "merged": "并入其他机构",
    "renumbered": "改用新职业编码",
}

#: Standings of what is on file; a suspended level keeps its term and its place, and is not in the directory.
ON_FILE = frozenset({"filed", "suspended"})


#: The allowed moves of an occupation level; from `""` nothing is on file before.
MOVES: tuple[Move, ...] = (
    Move("", "filed", "准予备案，或名册接收"),
    Move("filed", "filed", "换证延续、名册更正，或更正后恢复原备案"),
    Move("suspended", "suspended", "暂停期间换证延续"),
    Move("filed", "suspended", "决定暂停"),
    Move("suspended", "filed", "决定恢复"),
    Move("lapsed", "filed", "为误填的日期记作失效，予以恢复"),
    Move("lapsed", "suspended", "为误填的日期记作失效，予以恢复"),
    *(
        Move(was, became, because)
        for became, because in (
            ("lapsed", "有效期届满"),
            ("withdrawn", "机构申请注销"),
            ("revoked", "决定撤销"),
            ("removed", "更正后的评估结果为不合格"),
            ("recoded", "统一社会信用代码变更"),
            ("merged", "机构合并"),
            ("renumbered", "职业编码变更"),
        )
        for was in sorted(ON_FILE)
    ),
)

_ALLOWED = {(move.was, move.became) for move in MOVES}


class IllegalStandingError(FilingError, ValueError):
    """A move of a qualification that the table does not have."""


def assert_moves(moves: set[tuple[str, str]]) -> None:
    """Raise IllegalStandingError naming the first move that is not in the table."""
    for was, became in sorted(moves - _ALLOWED):
        raise IllegalStandingError(f"a qualification may not go from '{was}' to '{became}'")
