"""Commands that record what people bring: import, decide."""

from datetime import UTC, date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from deployments import orchestrator
from deployments.commands.readiness import AsOf, read_day, read_number, read_occupation, read_words, ready
from schemas.errors import WrongUseError
from schemas.policy import in_force


class Kind(StrEnum):
    results = "results"
    activities = "activities"
    register = "register"
    decisions = "decisions"
    experts = "experts"
    institution_codes = "institution-codes"
    inspectors = "inspectors"
    inspection_outcomes = "inspection-outcomes"
    complaints = "complaints"


class Verdict(StrEnum):
    permit = "permit"
    refuse = "refuse"


def import_(
    kind: Annotated[Kind, typer.Argument(help="What the file holds.")],
    file: Annotated[Path, typer.Argument(help="XLSX, CSV, Parquet or JSON.")],
    as_of: AsOf = None,
    by: Annotated[str, typer.Option(help="Who brings it. [default: the user of this machine]")] = "",
    replace: Annotated[bool, typer.Option("--replace", help="Take institution codes that replace others.")] = False,
) -> int:
    """Take in results, activities, a register, decisions, institution codes, inspectors, inspection outcomes or complaints."""
    day = read_day(as_of)
    if not file.is_file():
        raise WrongUseError(f"there is no file {file}")
    if replace and kind is not Kind.institution_codes:
        raise WrongUseError("--replace goes with institution-codes alone")
    ready()
    orchestrator.prepare()
    from tasks.desk.importing import import_file

    imported = import_file(kind.value, file, day, by.strip(), replace=replace)
    typer.echo(f"{imported.new} new of {imported.rows} rows of {kind.value}")
    for cycle, number in imported.unjudged.items():
        typer.echo(
            f"{number} results wait for a run of cycle {cycle}: one that is suspended takes them up by itself, "
            f"else run `filing run {cycle}`"
        )
    for sentence in imported.complaints:
        typer.echo(sentence, err=True)
    if imported.refused is None:
        return 1 if imported.complaints else 0
    accepted = imported.rows - imported.refused
    typer.echo(f"taken {accepted}, refused {imported.refused}")
    return 0 if accepted or not imported.complaints else 1


def decide(
    number: Annotated[str, typer.Argument(metavar="NO", help="Application number.")],
    rule: Annotated[str, typer.Argument(help="An in-principle rule, as CAP-2; or OBJECTION.")],
    verdict: Annotated[Verdict, typer.Argument(help="permit or refuse.")],
    by: Annotated[str, typer.Option(help="Who decides.")],
    reason: Annotated[str, typer.Option(help="Why.")],
    document: Annotated[str, typer.Option(help="Number of the document that says so.")],
    occupation: Annotated[str, typer.Option(help="Only for this occupation code. [default: all]")] = "",
    as_of: AsOf = None,
) -> None:
    """Record a permission or a refusal for an in-principle finding, or on an objection to a public notice."""
    day = read_day(as_of)
    ready()
    orchestrator.prepare()
    from tasks.desk.rulings import record_rulings

    says = "a decision says who, why and by which document"
    row = {
        "application_no": read_number(number),
        "rule": rule.strip().upper(),
        "occupation_code": read_occupation(occupation),
        "verdict": verdict.value,
        "decided_by": read_words("--by", by, says),
        "decided_at": _moment(day).isoformat(timespec="microseconds"),
        "document_no": read_words("--document", document, says),
        "reason": read_words("--reason", reason, says),
    }
    import pandas as pd

    record_rulings(pd.DataFrame([row]), day)
    typer.echo("recorded: `filing run` of its cycle acts on it")


def _moment(day: date | None) -> datetime:
    """Now, on the day it is taken to be; by the office's clock, so that of two decisions of one day the later is the later."""
    if day is None:
        return datetime.now(UTC)
    zone = ZoneInfo(in_force(day).timezone)
    return datetime.combine(day, datetime.now(zone).time(), zone)
