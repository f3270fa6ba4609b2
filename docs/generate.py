"""Writes the pages that follow from the model and the settings, and `.env.example`; `make docs` runs it."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal, get_args, get_origin

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from schemas import directory, qualification, submission, tables
from schemas.adjustment import ADJUSTMENTS
from schemas.application import STATUSES as APPLICATION_STATUSES
from schemas.item import FINAL, MOVES, STATUSES
from schemas.letter import LETTER_KINDS
from schemas.policy import shipped
from schemas.settings import Settings

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
    policy = shipped()[-1]
    lines = [
        "# Tables",
        "",
        "Generated from `schemas/submission.py`, `schemas/directory.py` and `schemas/tables.py` by `docs/generate.py`.",
        "",
        "## Input",
        "",
        f"Sheets, files and columns may be named in English or Chinese. The words are those of the policy of {policy.title}.",
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
            words = "、".join(f"{word} {title}" for word, title in policy.column(column).words.items())
            optional = " (optional)" if column.optional else ""
            lines.append(f"| `{column.name}` | {column.title} | {column.kind}{optional} | {words} |")
    lines += ["", "## Directory", "", "| column | header | kind | of | may be blank |", "|---|---|---|---|---|"]
    for shown in directory.COLUMNS:
        blank = "yes" if shown.optional else ""
        lines.append(f"| `{shown.name}` | {shown.title} | {shown.kind} | {shown.of} | {blank} |")
    lines += ["", "## Database", "", "| table | key | columns |", "|---|---|---|"]
    for stored in tables.metadata.sorted_tables:
        keys = ", ".join(f"`{column.name}`" for column in stored.primary_key.columns)
        others = ", ".join(f"`{column.name}`" for column in stored.columns if not column.primary_key)
        lines.append(f"| `{stored.name}` | {keys} | {others} |")
    return "\n".join([*lines, ""])


def settings_page() -> str:
    """Every setting with its title, values, default and description."""
    lines = [
        "# Settings",
        "",
        "Generated from `schemas/settings.py` by `docs/generate.py`, as is [`.env.example`](../.env.example).",
        "",
        "Settings are environment variables. A value that cannot be used is refused with the name of its variable. Secrets",
        "reach no log, no artifact and no sentence of an error. The law's numbers are not settings: they stand in the policy.",
        "The [runbook](runbook.md#mail) shows how mail is set up, [sources](sources.md) how submissions come from elsewhere.",
        "",
        "| variable | title | values | default | meaning |",
        "|---|---|---|---|---|",
    ]
    for variable, field in _settings():
        default = f"`{_default(field)}`" if _default(field) else ""
        lines.append(f"| `{variable}` | {field.title} | {_values(field)} | {default} | {field.description} |")
    return "\n".join([*lines, ""])


def env_example() -> str:
    """Every setting as a commented line with its default, to be copied and filled in."""
    lines = [
        "# Generated from schemas/settings.py by docs/generate.py. Copy it, uncomment what you set, keep it mode 0600."
    ]
    for variable, field in _settings():
        lines += ["", f"# {field.title}. {field.description}", f"#{variable}={_default(field)}"]
    return "\n".join([*lines, ""])


def _settings() -> Iterator[tuple[str, FieldInfo]]:
    prefix = Settings.model_config["env_prefix"]
    for name, field in Settings.model_fields.items():
        yield f"{prefix}{name.upper()}", field


def _values(field: FieldInfo) -> str:
    if get_origin(field.annotation) is Literal:
        return ", ".join(f"`{value}`" for value in get_args(field.annotation))
    kinds: dict[object, str] = {str: "text", int: "whole number", float: "number", SecretStr: "secret"}
    return kinds.get(field.annotation, "folder")


def _default(field: FieldInfo) -> str:
    """The default as it would be typed; nothing where it is empty or depends on the machine."""
    if field.default_factory is not None or field.default is None or isinstance(field.default, SecretStr):
        return ""
    return f"{field.default:g}" if isinstance(field.default, float) else str(field.default)


#: Files by their path from this folder.
PAGES: dict[str, Callable[[], str]] = {
    "states.md": states,
    "tables.md": input_and_database_tables,
    "settings.md": settings_page,
    "../.env.example": env_example,
}

if __name__ == "__main__":
    for name, page in PAGES.items():
        (HERE / name).write_text(page(), "utf-8")
