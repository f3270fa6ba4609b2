"""Command: compare two CSVs of findings or items and print the differences grouped by rule or status, with examples.

`python tests/oracle/compare.py EXPECTED.csv ACTUAL.csv [--examples N] [--loose]`; exit code 1 when they differ.
`--loose` leaves `field` out of a finding's key, to tell a wrong field from a missing finding.
"""

import argparse
import sys
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path

from facts import Row, read_csv

FINDING_KEY = ("application_no", "rule", "table", "row", "field")
ITEM_KEY = ("application_no", "occupation_code", "work_type", "level")
_FINDING_REST = ("nature", "article", "value")
_ITEM_REST = ("uscc", "status", "reason", "score")


def differences(expected: list[Row], actual: list[Row], *, loose: bool = False) -> list[tuple[str, str]]:
    """(group, one line) for each missing, surplus or different row; an empty list when all agree.

    Two pulls of results may give one finding twice: rows of one key are compared in the order of their contents.
    """
    findings = "rule" in (expected or actual or [{}])[0]
    key = FINDING_KEY[: 4 if loose else 5] if findings else ITEM_KEY
    rest = () if loose else _FINDING_REST if findings else _ITEM_REST
    left, right = _by_key(expected, key), _by_key(actual, key)
    lines: list[tuple[str, str]] = []
    for which in sorted(left.keys() | right.keys()):
        if loose and which in left and which in right:
            continue
        for mine, theirs in zip_longest(left.get(which, ()), right.get(which, ())):
            group = which[1] if findings else (mine or theirs or {}).get("status", "")
            lines += _one_pair(group, " ".join(which), (mine, theirs), rest)
    return lines


def _one_pair(
    group: str, where: str, pair: tuple[Row | None, Row | None], rest: tuple[str, ...]
) -> Iterator[tuple[str, str]]:
    mine, theirs = pair
    if theirs is None:
        yield f"{group} missing", f"{where} {_rest(mine, rest)}"
    elif mine is None:
        yield f"{group} surplus", f"{where} {_rest(theirs, rest)}"
    else:
        for name in rest:
            if not _same(name, mine.get(name, ""), theirs.get(name, "")):
                line = f"{where}: expected {mine.get(name, '')!r}, actual {theirs.get(name, '')!r}"
                yield f"{group} {name}", line


def _by_key(rows: list[Row], key: tuple[str, ...]) -> dict[tuple[str, ...], list[Row]]:
    groups: dict[tuple[str, ...], list[Row]] = {}
    for row in rows:
        groups.setdefault(tuple(row.get(name, "") for name in key), []).append(row)
    return {which: sorted(group, key=lambda row: sorted(row.items())) for which, group in groups.items()}


def _rest(row: Row | None, names: tuple[str, ...]) -> str:
    return " ".join(f"{name}={row[name]}" for name in names if row and row.get(name))


def _same(name: str, expected: str, actual: str) -> bool:
    if name == "score" and expected and actual:
        return float(expected) == float(actual)
    return expected == actual


def report(lines: list[tuple[str, str]], examples: int) -> str:
    """Text: each group with its count and first examples."""
    groups: dict[str, list[str]] = {}
    for group, line in lines:
        groups.setdefault(group, []).append(line)
    out = []
    for group, members in sorted(groups.items()):
        out.append(f"{group}: {len(members)}")
        out += [f"    {line}" for line in members[:examples]]
    return "\n".join(out) or "no difference"


def main() -> None:
    parser = argparse.ArgumentParser(description="Compare expected with actual findings or items.")
    parser.add_argument("expected", type=Path)
    parser.add_argument("actual", type=Path)
    parser.add_argument("--examples", type=int, default=3)
    parser.add_argument("--loose", action="store_true")
    arguments = parser.parse_args()
    lines = differences(read_csv(arguments.expected), read_csv(arguments.actual), loose=arguments.loose)
    print(report(lines, arguments.examples))
    sys.exit(1 if lines else 0)


if __name__ == "__main__":
    main()
