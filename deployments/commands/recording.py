"""Commands that record what people bring and decide: import, decide, withdraw, close, pause, resume."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from deployments import orchestrator
from deployments.commands.readiness import (
    AsOf,
    read_day,
    read_number,
    read_occupation,
    read_person,
    read_words,
    ready,
    tell_failures,
)
from schemas.errors import WrongUseError
from schemas.law.cycle import cycle_id
from schemas.policy import in_force
from schemas.run import AUTOMATIC, Counts


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
    """Take in results, activities, decisions, complaints, a register, experts, institution codes, inspectors, their outcomes."""
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
    typer.echo(f"recorded: {_consequence(row)}")


def _consequence(row: Mapping[str, str]) -> str:
    """What comes of a ruling that was recorded (the columns of the table of decisions)."""
    from schemas.law.rulings import EVAL_5
    from tasks.desk.rulings import has_work

    number, rule = row["application_no"], row["rule"]
    if has_work(number, rule, row["occupation_code"]):
        return "`filing run` of its cycle acts on it"
    later = "; a corrected result that comes later needs a decision of its own" if rule == EVAL_5 else ""
    return f"nothing of {row['occupation_code'] or number} waits for a decision under {rule} now{later}"


def _moment(day: date | None) -> datetime:
    """Now, on the day it is taken to be; by the office's clock, so that of two decisions of one day the later is the later."""
    if day is None:
        return datetime.now(UTC)
    zone = ZoneInfo(in_force(day).timezone)
    return datetime.combine(day, datetime.now(zone).time(), zone)


_SAYS = "who asks for it and why stay on record"


def withdraw(
    number: Annotated[str, typer.Argument(metavar="NO", help="Application number.")],
    by: Annotated[str, typer.Option(help="Who records it.")],
    reason: Annotated[str, typer.Option(help="Why the applicant takes it back.")],
    as_of: AsOf = None,
) -> None:
    """Take back what is open of an application, at the applicant's wish; packages are recalled and a letter confirms it."""
    day, who, why = read_day(as_of), read_words("--by", by, _SAYS), read_words("--reason", reason, _SAYS)
    ready()
    orchestrator.prepare()
    from tasks.desk import closing

    _tell(closing.withdraw(read_number(number), who, why, day))


def close(
    target: Annotated[str, typer.Argument(metavar="CYCLE|NO", help="A whole cycle, or one application.")],
    by: Annotated[str, typer.Option(help="Who decides.")],
    reason: Annotated[str, typer.Option(help="Why.")],
    document: Annotated[str, typer.Option(help="Number of the document that says so. [default: none]")] = "",
    occupation: Annotated[str, typer.Option(help="Of one application, only this occupation code. [default: all]")] = "",
    as_of: AsOf = None,
) -> None:
    """End what nobody moves any more, with a ground and a letter; a cycle from its last day on, with its batch report."""
    day, who, why = read_day(as_of), read_words("--by", by, _SAYS), read_words("--reason", reason, _SAYS)
    number = read_words("--document", document, _SAYS) if document else ""
    ready()
    orchestrator.prepare()
    from tasks.desk.closing import ClosingDecision, close_application, close_cycle

    decision = ClosingDecision(who, why, number)
    if not _is_cycle(target):
        _tell(close_application(read_number(target), read_occupation(occupation), decision, day))
        return
    if occupation:
        raise WrongUseError("--occupation goes with one application: write `filing close NO --occupation CODE …`")
    _tell(close_cycle(target, decision, day), idle="nothing was open any more")
    typer.echo(f"{target} is closed: its report is in outbox/reports/{target}")


def _is_cycle(target: str) -> bool:
    try:
        cycle_id(target)
    except ValueError:
        return False
    return True


def _tell(counts: Counts, *, idle: str = "nothing to do") -> None:
    typer.echo(", ".join(f"{number} {name}" for name, number in counts.done.items()) or idle)
    tell_failures(counts.failed)


_SUBJECT = f"A cycle, or one of {', '.join(AUTOMATIC)}."
_PAUSE_STAYS = "who pauses or lifts and why stay on record"


def pause(
    subject: Annotated[str, typer.Argument(help=f"{_SUBJECT} Without one, what is paused is listed.")] = "",
    reason: Annotated[str, typer.Option(help="Why.")] = "",
    until: Annotated[
        str | None, typer.Option(help="Last day of the pause. [default: until it is lifted with `filing resume`]")
    ] = None,
    by: Annotated[str | None, typer.Option(help="Who pauses. [default: the user of this machine]")] = None,
) -> None:
    """Keep a cycle, or a work that runs by itself, from going on; what a person starts runs all the same."""
    ready()
    from tasks.desk import pauses
    from tasks.runs.today import today

    if subject:
        pauses.pause(
            subject, read_person(by, _PAUSE_STAYS), read_words("--reason", reason, _PAUSE_STAYS), read_day(until)
        )
    for entry in pauses.pauses_on(today()):
        through = f"until {entry.until}" if entry.until else "until it is lifted"
        typer.echo(f"{entry.subject}: paused since {entry.paused_at:%Y-%m-%d} {through}, by {entry.by}: {entry.reason}")


def resume(
    subject: Annotated[str, typer.Argument(help=_SUBJECT)],
    reason: Annotated[str, typer.Option(help="Why.")],
    by: Annotated[str | None, typer.Option(help="Who lifts it. [default: the user of this machine]")] = None,
) -> None:
    """Let a paused cycle or work go on by itself again."""
    ready()
    from tasks.desk import pauses

    pauses.lift(subject, read_person(by, _PAUSE_STAYS), read_words("--reason", reason, _PAUSE_STAYS))
    typer.echo(f"{subject}: goes on by itself again")
