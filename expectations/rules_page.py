"""Command: print `docs/rules.md` from the rule book, the policy in force and the tables of examples the tests run.

`python -m expectations.rules_page tests/expectations/examples > docs/rules.md`
"""

import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from expectations.rulebook import Rule, rules, tables_of
from schemas.finding import NATURES_ZH
from schemas.policy import Policy, shipped

Example = dict[str, Any]

_EFFECTS = {
    "hard": "the whole application is returned for correction",
    "in_principle": "the items concerned are held until an operator decides",
    "review": "goes on; shown to operators and to the panel",
    "advice": "recorded and shown",
}
#: Which part of the policy holds the numbers of a rule.
_NUMBERS = {
    "WINDOW-1": ("cycle",),
    "FORM-3": ("regions",),
    "FORM-4": ("institution",),
    "FORM-9": ("regions",),
    "OCC-5": ("occupations",),
    "OCC-8": ("institution",),
    "OCC-10": ("institution",),
    "CAP-1": ("cap",),
    "CAP-2": ("cap",),
    "DORM-1": ("dormancy",),
    "DORM-2": ("dormancy",),
    "DORM-3": ("dormancy",),
    "STAND-1": ("adjustment",),
    "RENEW-2": ("cycle", "evaluation"),
    "RENEW-3": ("validity",),
    "WINDOW-2": ("correction",),
    "STAFF-1": ("staff",),
    "MAT-1": ("required", "institution"),
    "MAT-2": ("required",),
    "MAT-3": ("required",),
    "MAT-4": ("attachments",),
    "EVAL-2": ("evaluation",),
    "EVAL-4": ("evaluation",),
}
_ABOUT = ("label", "finds", "also", "unjudged", "accepted", "type", "cycle")


def page(folder: Path, policy: Policy) -> str:
    """The page as Markdown; `folder` holds the example tables, one TOML file a material."""
    parts = [_opening(policy), *(_section(rule, _examples(folder, rule.code), policy) for rule in rules().values())]
    return "\n".join(parts)


def _examples(folder: Path, code: str) -> list[Example]:
    tables = [tomllib.loads(path.read_text("utf-8")) for path in sorted(folder.glob("*.toml"))]
    return [example for table in tables for example in table.get(code, [])]


def _opening(policy: Policy) -> str:
    natures = "\n".join(f"- **{nature}** ({NATURES_ZH[nature]}): {effect}" for nature, effect in _EFFECTS.items())
    return f"""# The rule book

Generated from `expectations/rules.csv`, the policy in force ({policy.title}, {policy.document}) and the example tables in
`tests/expectations/examples/`, which the tests run. Write it anew with

    python -m expectations.rules_page tests/expectations/examples > docs/rules.md

Each example is a sound application spoiled in one way; "row 0" stands for something that is not there at all.

{natures}
"""


def _section(rule: Rule, examples: list[Example], policy: Policy) -> str:
    numbers = "".join(f"\n- policy `[{part}]`: {_numbers(policy, part)}" for part in _NUMBERS.get(rule.code, ()))
    rows = "\n".join(
        f"| {_verdict(example)} | {_cell(example['label'])} | {_cell(_spoiled(example))} | {_cell(_list_findings(example))} |"
        for example in examples
    )
    tables = ", ".join(f"`{table}`" for table in tables_of(rule))
    nature = f"{rule.nature} ({NATURES_ZH[rule.nature]})"
    return f"""## {rule.code} {rule.message_zh}

- article {rule.article} · {nature} · table {tables} · applies to: {rule.applies_to}
- {rule.meaning}{numbers}

| verdict | example | what was written | findings |
|---|---|---|---|
{rows}
"""


def _numbers(policy: Policy, part: str) -> str:
    values = policy.model_dump(mode="json")[part]
    return "; ".join(f"{name} = {value}" for name, value in values.items())


def _verdict(example: Example) -> str:
    if example.get("unjudged"):
        return "not judged"
    return "not met" if example.get("finds") else "met"


def _spoiled(example: Example) -> str:
    about = f"{example['type']}: " if "type" in example else ""
    return about + "; ".join(_lines(example))


def _lines(example: Example) -> Iterator[str]:
    for part, content in example.items():
        if part not in _ABOUT:
            yield from _describe(_title(part), content)


def _title(part: str) -> str:
    """`staff_without` as `staff without`; what was changed and what was added need no word."""
    return part.replace("_changed", "").replace("_more", " also").replace("_", " ")


def _describe(title: str, content: Any) -> Iterator[str]:
    if title == "applications":
        yield _cells(content)
    elif isinstance(content, dict):
        yield from (f"{title} row {row}: {_cells(cells)}" for row, cells in content.items())
    elif isinstance(content, list) and all(isinstance(entry, dict) for entry in content):
        yield f"{title}: {' / '.join(_cells(cells) or 'as usual' for cells in content) or 'none'}"
    else:
        yield f"{title} {', '.join(content) if isinstance(content, list) else content}"


def _cells(cells: Example) -> str:
    return ", ".join(_pair(*cell) for cell in cells.items())


def _pair(name: str, value: object) -> str:
    return f"{name} blank" if value == "" else f"{name} `{value}`"


def _list_findings(example: Example) -> str:
    places = [text.split("=")[0].split(" ", 1) for text in example.get("finds", [])]
    findings = [f"row {row} `{field}`" for row, field in places]
    others = f"beside: {', '.join(example['also'])}" if "also" in example else ""
    return ", ".join([*findings, others] if others else findings)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


if __name__ == "__main__":
    sys.stdout.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
    sys.stdout.write(page(Path(sys.argv[1]), shipped()[-1]))
