"""Writes the pages that follow from the model and the settings, and `.env.example`; `make docs` runs it."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal, get_args, get_origin

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from deployments.gate import endpoints
from deployments.gate.people import MAY, TITLES, Role
from schemas import directory, qualification, submission, tables
from schemas.item import APPLICATION_STATUSES, FINAL, MOVES, STATUSES
from schemas.letter_text import LETTER_KINDS
from schemas.policy import shipped
from schemas.qualification import ADJUSTMENTS
from schemas.settings import Settings
from schemas.submission import READ_TABLES
from tasks.gateways.sources.cells.words import COLUMN_NAMES, NO, SENSES, SYNONYMS, YES

HERE = Path(__file__).parent


def states() -> str:
    """The statuses and the moves between them, as a diagram and as a table."""
    arrows = [f"    {move.was or '[*]'} --> {move.became or '[*]'}: {move.because}" for move in MOVES]
    rows = [f"| `{move.was or '—'}` | `{move.became or '—'}` | {move.because} |" for move in MOVES]
    return "\n".join(
        [
            "# Statuses and moves",
            "",
            "Generated from `schemas/item.py` by `docs/generate.py`.",
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
            f"| `{kind.code}` | {kind.title} | {', '.join(f'`{field}`' for field in sorted(kind.concerns))} | "
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
        "Generated from the settings (`schemas/settings.py`) by `docs/generate.py`, as is [`.env.example`](../.env.example).",
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
    lines = ["# Generated from the settings by docs/generate.py. Copy it, uncomment what you set, keep it mode 0600."]
    for variable, field in _settings():
        lines += ["", f"# {field.title}. {field.description}", f"#{variable}={_default(field)}"]
    return "\n".join([*lines, ""])


def _settings() -> Iterator[tuple[str, FieldInfo]]:
    prefix = Settings.model_config["env_prefix"]
    # those of the server last
    for name in dict.fromkeys([*Settings.__annotations__, *Settings.model_fields]):
        if name in Settings.model_fields:
            yield f"{prefix}{name.upper()}", Settings.model_fields[name]


def _values(field: FieldInfo) -> str:
    if get_origin(field.annotation) is Literal:
        return ", ".join(f"`{value}`" for value in get_args(field.annotation))
    kinds: dict[object, str] = {
        **{bool: "`true`, `false`", str: "text", int: "whole number", float: "number"},
        **{SecretStr: "secret", SecretStr | None: "secret"},
    }
    return kinds.get(field.annotation, "folder")


def _default(field: FieldInfo) -> str:
    """The default as it would be typed; nothing where it is empty or depends on the machine."""
    if field.default_factory is not None or field.default is None or isinstance(field.default, SecretStr):
        return ""
    if isinstance(field.default, bool):
        return str(field.default).lower()
    return f"{field.default:g}" if isinstance(field.default, float) else str(field.default)


_READ = """\
<!-- Generated from schemas/reference/synonyms.toml by docs/generate.py. -->
# What may be written, and how it is read

A value is read as a clerk would read it, once, when the file comes in. What cannot be read surely is reported with
file, sheet, row and how to mend it: on the run's page, in `filing quarantine` (CSV: file, sheet, row, application_no,
reason), and where it concerns an application in its letter (FORM-10).

## Files and sheets

- .xlsx .xlsm .xls .et .ods .xlsb, .csv .tsv .txt, .parquet, .json, and a .zip of them with its attachments. A workbook that is
  only protected against changes is read; one with a password, an archive in an archive, a .rar, a scan or a letter is reported.
- A sheet is known with its number, 表, 清单, 续 around its name, under another name below, or by its header. Hidden sheets, old
  ones (旧), examples (示例, 样表) and notes on filling in (填写说明) are reported and not read, and so are hidden rows.
- The header stands within the first 30 lines, in one or two of them. Sums, notes, signatures and examples are no rows. A form
  of labels with their values to the right is one application. In a workbook of one application its number may stand once.
- Of several versions of one application, each in a workbook or a folder of lists of its own, the latest 提交时间 counts; equal
  ones are one. No application is born of a row without a number, or without a credit code and rows elsewhere.
- A sheet that lacks a required column is read; the letter names the headers nobody knows. A workbook that lacks a
  required sheet beside one nobody can place is set aside as a whole. Cells of a text file stand between `,` `;` `|` `，` or tabs.
- A blank size or checksum is the file's. What panels sign below the scoring table is no row; merged cells count for each row.

## After it was read

What the home's own doors (`inbox/`, `inbox/results/`, `desk/`) held moves once it is on record: a submission and its attachments
to `taken/CYCLE/NUMBER-vN/`, results to `taken/CYCLE/results/`, lists to `taken/desk/DAY/`, each with a receipt (回执.txt); what
cannot be read to `quarantine/`. `receipts.jsonl` says of every file, by its SHA-256, who brought it and what it became. An
attachment that comes later is joined to its submission as a further version. A file that changed in the last seconds, or waits
for another one, stays. A folder given with `--inbox`, or named by a setting, is left as it is. Of it only what is
new or changed is read again, with whatever else speaks of the same applications.

## Cells

- Levels: `5,4,3`, `5-3`, `五级、四级`, `五级至三级`, `初级工/中级工`, `五级（初级工）`, `L5`, `Ⅴ`,
  `国家职业资格三级`, `三级及以下`. What a spreadsheet took for a day is what was typed: 2005-04-03 is 5-4-3, 2026-04-03 is 4-3;
  2005-04-01 is no list of levels.
- Days and moments begin with the year: `2026-09-01`, `26.9.1`, `2026年9月1日 下午3点`, `二〇二六年九月一日`,
  a spreadsheet's number.
- Credit codes without regard to case, spaces, hyphens, labels, copy marks; × at the end of an identity number is X; codes of
  occupations with or without hyphens, with the marks L, S and the name beside them.
- Numbers with separators and units: `1,234`, `85分`, `5人`, `2.3MB`. Of boxes the ticked one: `☑是☐否`.
- A code that a spreadsheet turned into a number, a formula without its value and an error are unreadable, not blank.
"""


def intake_page() -> str:
    """What a clerk may write, from the tables of spellings."""
    titles = {table.name: table for table in READ_TABLES.values()}
    lines = [_READ, "## Words", "", "| word | is also written |", "|---|---|"]
    for lists in SYNONYMS.values():
        lines += [f"| {title} | {'、'.join(words)} |" for title, words in lists.items()]
    lines += [f"| 是 | {_shown(YES)} |", f"| 否 | {_shown(NO)} |"]
    for name, answers in SENSES.items():
        column = next(column for table in titles.values() for column in table.columns if column.name == name)
        lines += [f"| {column.title}：{word} | {_shown(answers[key])} |" for key, word in (("yes", "是"), ("no", "否"))]
    lines += ["", "## Columns", "", "| table | column | is also called |", "|---|---|---|"]
    for table, columns in COLUMN_NAMES.items():
        known = {column.name: column.title for column in titles[table].columns}
        lines += [
            f"| {titles[table].title} | {known[name]} | {'、'.join(names)} |"
            for name, names in columns.items()
            if name in known
        ]
    return "\n".join([*lines, ""])


def _shown(words: list[str]) -> str:
    return "、".join(words)


#: Files by their path from this folder.
def access_page() -> str:
    """Who may do what: the roles, and the least of them for every endpoint of the server."""
    rows = [
        f"| `{endpoint.method}` | `{endpoint.path}` | {endpoint.least.word if endpoint.least else 'nobody need sign in'} "
        f"| {'yes' if endpoint.logged else ''} |"
        for endpoint in endpoints.table()
    ]
    return "\n".join(
        [
            "# Who may do what",
            "",
            "Generated from `deployments/gate/` by `docs/generate.py`.",
            "",
            "Before the Prefect server stands a gate. Everybody signs in, on this machine too; an account has one role, and a",
            "higher role may do all that a lower one may:",
            "",
            "| role | Chinese | may |",
            "|---|---|---|",
            *(f"| `{role.word}` | {TITLES[role]} | {MAY[role]} |" for role in Role),
            "",
            "```",
            "filing users add 王处长 --role approver    # prints a one-time link, by which the person sets the password",
            "filing users link 王处长                   # a forgotten password: signs out everywhere, a new link",
            "filing users role 王处长 admin",
            "filing users remove 王处长",
            "filing users list",
            "```",
            "",
            "`filing up` prints such a link for the first administrator as long as there is none. Where a proxy gives the server",
            "another name, `FILING_HOSTS` says it. Workers and scripts send `Authorization: Bearer` with what stands in",
            "`machine.secret` of the home, a file for its owner alone; whoever may read it may do everything.",
            "",
            "Who signed in stands in `access.jsonl` of the home, with what they changed and read; a run carries the name of the",
            "person who started it as its label `filing.by`, and an approval by the form is that person's, whatever is written.",
            "The command, the environment and the folder of a run are fixed by the work pool; a run that names `job_variables`",
            "is refused, whoever asks.",
            "",
            "## Endpoints",
            "",
            "An endpoint that is not here is shut. Pages outside `/api/` are for whoever has signed in.",
            "",
            "| method | path | least role | logged |",
            "|---|---|---|---|",
            *rows,
            "",
        ]
    )


PAGES: dict[str, Callable[[], str]] = {
    "access.md": access_page,
    "states.md": states,
    "tables.md": input_and_database_tables,
    "intake.md": intake_page,
    "settings.md": settings_page,
    "../.env.example": env_example,
}

if __name__ == "__main__":
    for name, page in PAGES.items():
        (HERE / name).write_text(page(), "utf-8")
