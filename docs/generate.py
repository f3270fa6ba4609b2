"""Writes `states.md` and `tables.md` from the model, so that they cannot tell anything else; run it after changing either."""

from collections.abc import Callable
from pathlib import Path

from schemas import directory, qualification, submission, tables
from schemas.adjustment import ADJUSTMENTS
from schemas.application import STATUSES as APPLICATION_STATUSES
from schemas.item import FINAL, MOVES, STATUSES
from schemas.notice import LETTER_KINDS

HERE = Path(__file__).parent


def states() -> str:
    """The statuses and the moves between them, as a diagram and as a table."""
    arrows = [f"    {move.was or '[*]'} --> {move.became or '[*]'}: {move.because}" for move in MOVES]
    rows = [f"| `{move.was or '—'}` | `{move.became or '—'}` | {move.because} |" for move in MOVES]
    return "\n".join(
        [
            "# Statuses and moves",
            "",
            "Generated from `schemas/item.py` and `schemas/application.py` by `docs/generate.py`.",
            "",
            "## Items (申报职业等级)",
            "",
            "```mermaid",
            "stateDiagram-v2",
            *arrows,
            "```",
            "",
            "| status | Chinese | final |",
            "|---|---|---|",
            *(f"| `{code}` | {title} | {'yes' if code in FINAL else ''} |" for code, title in STATUSES.items()),
            "",
            "| from | to | because |",
            "|---|---|---|",
            *rows,
            "",
            "Every move is one function of `tasks/store/items.py`, and leaves its entry in the history in the same",
            "transaction. A move that is not in this table is refused before anything is written.",
            "",
            *_qualifications(),
            "",
            "## Applications (申报)",
            "",
            "`received`, `returned` and `superseded` are set by what happens to an application; `in_progress` and",
            "`closed` follow from its items: closed once every item is final.",
            "",
            "| status | Chinese |",
            "|---|---|",
            *(f"| `{code}` | {title} |" for code, title in APPLICATION_STATUSES.items()),
            "",
        ]
    )


def _qualifications() -> list[str]:
    """The standings of a qualification and the moves between them, and what operators' decisions do."""
    return [
        "## Qualifications (备案资质)",
        "",
        "```mermaid",
        "stateDiagram-v2",
        *(f"    {move.was or '[*]'} --> {move.became}: {move.because}" for move in qualification.MOVES),
        "```",
        "",
        "| standing | Chinese | on file |",
        "|---|---|---|",
        *(
            f"| `{code}` | {title} | {'yes' if code in qualification.ON_FILE else ''} |"
            for code, title in qualification.STANDINGS.items()
        ),
        "",
        "What is suspended stays on file: it keeps its term, its place under CAP-1 and CAP-2 and its reminders, a renewal",
        "leaves it suspended, and it is not in the directory. A suspension ends with the term it was decided on.",
        "Withdrawing and revoking end the term on the day before; the items that filed it lapse with it.",
        "",
        "| `filing adjust` | Chinese | concerns | becomes | letter |",
        "|---|---|---|---|---|",
        *(
            f"| `{kind.code}` | {kind.title} | {', '.join(f'`{each}`' for each in sorted(kind.concerns))} | "
            f"`{kind.became}` | {LETTER_KINDS[kind.letter].title} |"
            for kind in ADJUSTMENTS.values()
        ),
    ]


def input_and_database_tables() -> str:
    """The input tables with their headers, the directory's columns, and the database's tables with their keys."""
    lines = [
        "# Tables",
        "",
        "Generated from `schemas/submission.py`, `schemas/directory.py` and `schemas/tables.py` by `docs/generate.py`.",
        "",
        "## Input",
        "",
        "Sheets, files and columns may be named in English or Chinese.",
    ]
    for table in submission.READ_TABLES.values():
        lines += [
            "",
            f"### {table.name} {table.title}",
            "",
            "| column | header | read as | values |",
            "|---|---|---|---|",
        ]
        for column in table.columns:
            words = "、".join(f"{word} {title}" for word, title in column.words.items())
            optional = " (optional)" if column.optional else ""
            lines.append(f"| `{column.name}` | {column.title} | {column.kind}{optional} | {words} |")
    lines += ["", "## Directory", "", "| column | header | kind | of | may be blank |", "|---|---|---|---|---|"]
    for shown in directory.COLUMNS:
        blank = "yes" if shown.optional else ""
        lines.append(f"| `{shown.name}` | {shown.title} | {shown.kind} | {shown.of} | {blank} |")
    lines += ["", "## Database", "", "| table | key | columns |", "|---|---|---|"]
    for table in tables.metadata.sorted_tables:
        keys = ", ".join(f"`{column.name}`" for column in table.primary_key.columns)
        others = ", ".join(f"`{column.name}`" for column in table.columns if not column.primary_key)
        lines.append(f"| `{table.name}` | {keys} | {others} |")
    return "\n".join([*lines, ""])


PAGES: dict[str, Callable[[], str]] = {"states.md": states, "tables.md": input_and_database_tables}

if __name__ == "__main__":
    for name, page in PAGES.items():
        (HERE / name).write_text(page(), "utf-8")
