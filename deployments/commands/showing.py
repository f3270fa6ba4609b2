"""Commands that only show: status, findings, items, history, directory, diff, compare."""

import json
import sys
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from deployments.commands.readiness import noted, read_cycle, read_day, read_number, ready
from schemas import policy as policies
from schemas.errors import WrongUseError
from schemas.finding import FINDING_COLUMNS
from schemas.law.cycle import CycleId
from schemas.policy import Policy
from schemas.settings import settings
from tasks.runs.today import today

if TYPE_CHECKING:
    import pandas as pd

    from tasks.store.unfinished import Open

#: So much of what is open is shown to a person.
_MOST_OPEN = 40
#: What is told of it.
_OPEN = ("application_no", "institution_name", "status", "items", "since", "days", "who")


class Format(StrEnum):
    csv = "csv"
    json = "json"


def status(
    cycle: Annotated[str | None, typer.Argument(help="The cycle; without one, every cycle there is.")] = None,
    who: Annotated[bool, typer.Option("--who", help="Who must do what by when.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """What stands where, and what is awaited."""
    chosen = read_cycle(cycle) if cycle else None
    ready()
    if who:
        noted("status --who", chosen)
        _show_duties(chosen or "", as_json=as_json)
        return
    from tasks.store import overview, unfinished
    from tasks.store.database import reading

    with reading() as db:
        cycles = [chosen] if chosen else overview.cycles(db)
        rows = [
            {
                **overview.of_cycle(db, name),
                "open": [_named(row) for row in unfinished.open_of(db, [name], today())],
                "data_docs": _data_docs(name),
            }
            for name in cycles
        ]
    if as_json:
        typer.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    if not rows:
        typer.echo("no cycle yet: put submissions into the inbox and run `filing run CYCLE`")
    for row in rows:
        _show(row)


def _named(row: "Open") -> dict[str, object]:
    """What a person asks of an open application, in the order of `--json`."""
    stated = {name: getattr(row, name) for name in _OPEN}
    return stated | {"since": row.since.isoformat() if row.since else ""}


def _show_duties(cycle: str, *, as_json: bool) -> None:
    """The list the desk shows as Today, of one cycle or of all."""
    from schemas.duty import Choice
    from tasks.desk.duties import waiting_on

    waiting = Choice(cycle=cycle).of(waiting_on(settings(), today()))
    if as_json:
        rows = [{**asdict(duty), "title": duty.title} for duty in waiting]
        typer.echo(json.dumps(rows, ensure_ascii=False, indent=2, default=str))
        return
    if not waiting:
        typer.echo("nothing waits for anybody")
        return
    table = Table("due", "days", "kind", "subject", "institution", "who", "what")
    for duty in waiting:
        whom = f"{duty.who} {duty.contact}".strip()
        due = duty.due.isoformat() if duty.due else "-"
        task = "\n".join([duty.task, *(f"· {fact}" for fact in duty.facts)])
        cells = (due, str(duty.days), duty.title, duty.subject, duty.institution, whom, task)
        table.add_row(*map(Text, cells))  # names are applicants' and may hold what rich takes for markup
    Console(width=160).print(table)


def _data_docs(cycle: str) -> str:
    """Where the pages of the cycle's last check begin; nothing before it was checked."""
    page = settings().root / "data-docs" / cycle / "index.html"
    return str(page) if page.is_file() else ""


def _show(life: dict[str, Any]) -> None:
    table = Table(title=f"{life['cycle']}", title_justify="left", show_header=False)
    for name, value in life.items():
        if name == "cycle":
            continue
        if name == "open":
            continue
        text = ", ".join(f"{key} {number}" for key, number in value.items()) if isinstance(value, dict) else str(value)
        table.add_row(name.replace("_", " "), text or "-")
    Console(width=110).print(table)
    _show_open(life["open"])


def _show_open(rows: list[dict[str, Any]]) -> None:
    """What is open, the oldest first, and who must act."""
    if not rows:
        return
    table = Table("application", "status", "items", "since", "days", "who must act")
    for row in rows[:_MOST_OPEN]:
        table.add_row(*(str(row[name]) for name in ("application_no", "status", "items", "since", "days", "who")))
    Console(width=110).print(table)
    if len(rows) > _MOST_OPEN:
        typer.echo(f"and {len(rows) - _MOST_OPEN} more: `filing status --json` names all")


def findings(cycle: Annotated[str, typer.Argument(help="The cycle.")]) -> None:
    """Print findings.csv of a cycle."""
    chosen = read_cycle(cycle)
    ready()
    noted("findings", chosen)
    from tasks.store import findings as store
    from tasks.store.database import reading

    with reading() as db:
        print_csv(store.of_cycle(db, chosen), FINDING_COLUMNS)


def quarantine(
    cycle: Annotated[str | None, typer.Argument(help="The cycle. [default: all]")] = None,
) -> None:
    """Print what was set aside, whole files and single rows, each with the reason, as CSV."""
    chosen = read_cycle(cycle) if cycle else None
    ready()
    noted("quarantine", chosen)
    import pandas as pd

    from tasks.store import runs as store
    from tasks.store.database import reading

    with reading() as db:
        print_csv(pd.DataFrame(store.set_aside(db, chosen), columns=store.SET_ASIDE, dtype="str"), store.SET_ASIDE)


def items(cycle: Annotated[str, typer.Argument(help="The cycle.")]) -> None:
    """Print items.csv of a cycle."""
    chosen = read_cycle(cycle)
    ready()
    from tasks.store import items as store
    from tasks.store.database import reading

    with reading() as db:
        print_csv(store.listing(db, chosen), store.LISTED)


def history(
    subject: Annotated[str, typer.Argument(metavar="NO|USCC", help="Application number or credit code.")],
) -> None:
    """Tell the whole life of an application or an institution, in order, each step with its because."""
    ready()
    noted("history", subject)
    from tasks.store import institutions
    from tasks.store.database import reading

    with reading() as db:
        life = institutions.life(db, read_number(subject))
    if life.empty:
        raise WrongUseError(f"nothing is known of '{subject}': give an application number or a credit code")
    print_csv(life, list(life.columns))


def directory(
    as_of: Annotated[str | None, typer.Option(help="The register on this day. [default: today]")] = None,
    as_known_on: Annotated[str | None, typer.Option(help="Exactly as it was known on this day.")] = None,
    output: Annotated[Format, typer.Option("--format", help="csv or json.")] = Format.csv,
) -> None:
    """Print the directory on any day, as it is known now or as it was known then."""
    day, known_on = read_day(as_of) or today(), read_day(as_known_on)
    ready()
    from tasks.store.database import reading
    from tasks.store.directory import directory_on

    with reading() as db:
        rows = directory_on(db, day, known_on=known_on)
    _print(rows, output)


def diff(
    before: Annotated[str, typer.Argument(metavar="EDITION", help="For example 2026-09.1.")],
    after: Annotated[str, typer.Argument(metavar="EDITION", help="For example 2026-09.2.")],
) -> None:
    """Print what changed from one edition to another."""
    ready()
    from schemas.directory_changes import changes
    from tasks.store import editions, history
    from tasks.store.database import reading

    with reading() as db:
        records = [editions.get(db, name) for name in (before, after)]
        for name, edition in zip((before, after), records, strict=True):
            if edition is None or edition["standing"] == "discarded":
                raise WrongUseError(f"there is no edition {name}: `filing status` lists the editions")
        assert records[1] is not None
        causes = history.causes(db, before, after)
        rows = changes(editions.rows_of(db, before), editions.rows_of(db, after), records[1]["as_of"], causes)
    _print(rows, Format.csv)


def _print(rows: "pd.DataFrame", output: Format) -> None:
    if output is Format.json:
        typer.echo(rows.to_json(orient="records", force_ascii=False, indent=2))
        return
    print_csv(rows, list(rows.columns))


def print_csv(rows: "pd.DataFrame", columns: list[str]) -> None:
    """Print rows as CSV in which nothing runs in a spreadsheet."""
    sys.stdout.reconfigure(encoding="utf-8", newline="")  # type: ignore[union-attr]
    from tasks.gateways.paper.delimited import disarmed

    sys.stdout.write(disarmed(rows[columns], verbatim=True).to_csv(index=False, lineterminator="\n"))


def compare(
    cycle: Annotated[str, typer.Argument(help="The cycle.")],
    policy: Annotated[Path, typer.Option(help="The policy file to compare with.")],
    as_of: Annotated[
        str | None,
        typer.Option(help="The day it is judged on. [default: when that policy has decided the cycle, at most today]"),
    ] = None,
) -> None:
    """Print what the cycle's outcome would be under another policy, item by item; write nothing."""
    chosen, day = read_cycle(cycle), read_day(as_of)
    other = _read(policy, chosen)
    ready()
    from deployments import orchestrator

    orchestrator.prepare()
    from flows.comparison import compare as judge

    compared = judge(chosen, other, day, today())
    if compared.rows.empty:
        raise WrongUseError(f"there is nothing to compare in cycle {chosen}: run `filing run {chosen}` first")
    print_csv(compared.rows, list(compared.rows.columns))
    number, items = compared.differing, len(compared.rows)
    typer.echo(f"{number} of {items} items would stand otherwise under {other.name}", err=True)


def _read(file: Path, cycle: CycleId) -> Policy:
    """The policy of a file, which must have the cycle."""
    if not file.is_file():
        raise WrongUseError(f"{file} is no file: give the policy file to compare with")
    other = policies.read(file)
    if not other.has(cycle):
        months = ", ".join(f"{month:02d}" for month in sorted(other.cycle.months))
        raise WrongUseError(f"{file} has no cycle {cycle}: {other.title} has cycles in the months {months}")
    return other
