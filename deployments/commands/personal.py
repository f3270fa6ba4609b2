"""`filing retention`, `filing person` and `filing access`: what the law asks of personal data."""

import getpass
import json
from pathlib import Path
from typing import Annotated

import typer

from deployments import orchestrator
from deployments.commands.readiness import AsOf, read_day, read_words, ready
from deployments.gate import access_log
from schemas.errors import WrongUseError
from schemas.settings import settings
from tasks.gateways.disk import files


def retention(
    as_of: AsOf = None,
) -> None:
    """Forget the staff of closed applications and of replaced versions whose time is over by the policy."""
    day = read_day(as_of)
    ready()
    orchestrator.prepare(runs=True)
    from flows.sweeps import retention as forget

    forgotten = orchestrator.run(forget, day).done.get("forgotten", 0)
    typer.echo(f"{forgotten} forgotten" if forgotten else "nothing to do")


def person(
    number: Annotated[
        str, typer.Argument(help="The identity number; - asks for it, so that no list of commands holds it.")
    ],
    export: Annotated[Path | None, typer.Option(help="Write what is kept of the person into this file (JSON).")] = None,
    correct: Annotated[str, typer.Option(metavar="FIELD=VALUE", help="Put a field right in every row.")] = "",
    by: Annotated[str, typer.Option(help="With --correct: who does it.")] = "",
    reason: Annotated[str, typer.Option(help="With --correct: why, such as the person's request and its date.")] = "",
) -> None:
    """Tell, give out or put right what is kept of one person; the access log notes it."""
    if number == "-":
        number = typer.prompt("identity number", hide_input=True)
    ready()
    from tasks.desk import retention

    rows = retention.of_person(number)
    access_log.note(settings().root, getpass.getuser(), "filing person", subject=number, rows=len(rows))
    if correct:
        field, equals, value = correct.partition("=")
        if not equals:
            raise WrongUseError("write --correct FIELD=VALUE, for example name=李四")
        says = "a correction says who made it and why"
        who, why = read_words("--by", by, says), read_words("--reason", reason, says)
        typer.echo(f"{retention.correct(number, field, read_words('--correct', value, says), who, why)} rows put right")
        return
    for row in rows:
        cells = [
            str(row[name]) for name in ("received_on", "cycle", "application_no", "version", "role", "institution_name")
        ]
        typer.echo("  ".join(cells))
    if export:
        if export.exists():
            raise WrongUseError(f"{export} exists: give a new name")
        content = json.dumps(rows, ensure_ascii=False, indent=2, default=str)
        files.put(export.resolve().parent, export.name, content.encode(), private=True)
        typer.echo(f"written: {export}")


def access(
    who: Annotated[str, typer.Option(help="Only of this person.")] = "",
    since: Annotated[str | None, typer.Option(help="Only from this day on.")] = None,
) -> None:
    """Who signed in, what they changed and what they read, on the pages and by commands."""
    day = read_day(since)
    for entry in access_log.entries(settings().root):
        if (not who or entry["who"] == who) and (day is None or str(entry["at"])[:10] >= day.isoformat()):
            more = " ".join(f"{name}={value}" for name, value in entry.items() if name not in ("at", "who", "what"))
            typer.echo(f"{entry['at']}  {entry['who']}  {entry['what']}  {more}".rstrip())
