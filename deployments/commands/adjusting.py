"""`filing adjust`: operators' decisions about what is on file."""

from datetime import date
from enum import StrEnum
from typing import Annotated

import typer

from deployments import orchestrator
from deployments.commands.readiness import AsOf, read_code, read_day, read_occupation, read_words, ready
from schemas.errors import RefusedError, WrongUseError
from schemas.policy import in_force, last_cycle_on
from schemas.qualification import Adjustment, Merger, Recoding, Renaming, Renumbering
from schemas.submission import APPLICATIONS
from tasks.runs.today import today


class What(StrEnum):
    suspend = "suspend"
    reinstate = "reinstate"
    withdraw = "withdraw"
    revoke = "revoke"
    recode = "recode"
    rename = "rename"
    merge = "merge"
    renumber = "renumber"
    restore = "restore"


#: Those that take two codes, the old and the new one, with the names of these in the decision.
_PAIRS: dict[What, tuple[type[Recoding] | type[Merger] | type[Renumbering], str, str]] = {
    What.recode: (Recoding, "old_uscc", "new_uscc"),
    What.merge: (Merger, "old_uscc", "into_uscc"),
    What.renumber: (Renumbering, "old_code", "new_code"),
}


def adjust(
    what: Annotated[What, typer.Argument(help="The decision.")],
    code: Annotated[
        str,
        typer.Argument(metavar="USCC|OLD", help="The institution's credit code; with renumber, an occupation code."),
    ] = "",
    *,
    ground: Annotated[str, typer.Option("--ground", "--reason", help="Why: the facts and the provision.")],
    by: Annotated[str, typer.Option(help="Who decides.")],
    document: Annotated[str, typer.Option(help="Number of the document that says so; restore may do without.")] = "",
    new: Annotated[
        str,
        typer.Argument(
            metavar="[NEW|INTO]", help="With recode and renumber the code from now on; with merge, of whom."
        ),
    ] = "",
    occupation: Annotated[str, typer.Option(help="Only this occupation code. [default: all it has on file]")] = "",
    name: Annotated[str, typer.Option(help="With rename: the institution's name from now on.")] = "",
    region: Annotated[str, typer.Option(help="With rename: its region, as code or name.")] = "",
    kind: Annotated[str, typer.Option("--type", help="With rename: its type.")] = "",
    address: Annotated[str, typer.Option(help="With rename: its registered address.")] = "",
    on: Annotated[
        str | None, typer.Option(help="The day it takes effect. [default: the day it is taken to be]")
    ] = None,
    as_of: AsOf = None,
) -> None:
    """Decide on what is on file: suspend, reinstate, withdraw, revoke; recode, rename, merge, renumber; restore.

    What is suspended stays on file, with its term and its place, and is not in the directory. `recode` gives an
    institution another credit code, `rename` other particulars, `merge` lets it go into another one, where an item that
    both hold keeps the later term; `renumber` gives an occupation another code. `restore` names no
    institution: it takes back what runs for days after --as-of marked by mistake.
    """
    says = "a decision says why, by which document and who"
    day = read_day(as_of) or today()
    if what is What.restore:
        _assert_alone(code, new, occupation, name, region, kind, address, on or "")
        number = read_words("--document", document, says) if document else ""
        _restore(day, read_words("--by", by, says), read_words("--reason", ground, says), number)
        return
    read = read_occupation if what is What.renumber else read_code
    code, new, occupation = read(code), read(new), read_occupation(occupation)
    words = {
        "ground": read_words("--ground", ground, says),
        "document_no": read_words("--document", document, says),
        "decided_by": read_words("--by", by, says),
        "effective_on": read_day(on) or day,
    }
    particulars = _particulars(
        day, institution_name=name, region_code=region, institution_type=kind, registered_address=address
    )
    _assert_fits(what, code, new, occupation, particulars)
    if what in _PAIRS:
        model, old_field, new_field = _PAIRS[what]
        _carry_out(model.model_validate({old_field: code, new_field: new, **words}), day)
    elif what is What.rename:
        _carry_out(Renaming.model_validate({"uscc": code, **particulars, **words}), day)
    else:
        whom = {"kind": what.value, "uscc": code, "occupation_code": occupation}
        _carry_out(Adjustment.model_validate({**whom, **words}), day)


def _assert_alone(*others: str) -> None:
    """Raises WrongUseError where restore is given what it does not take."""
    if any(others):
        raise WrongUseError("write `filing adjust restore --as-of DAY --by NAME --reason WHY`: it concerns everything")


def _restore(day: date, by: str, reason: str, document_no: str) -> None:
    ready()
    orchestrator.prepare(runs=True)
    from flows.stages import publication
    from tasks.desk.restoration import Mistake, restore

    counts = restore(Mistake(day, by, reason, document_no))
    published = orchestrator.run(publication, last_cycle_on(day), day)
    typer.echo(", ".join(f"{number} {name}" for name, number in {**counts.done, **published.done}.items()))


def _particulars(day: date, **stated: str) -> dict[str, str]:
    """What an institution goes by from now on; regions and types by the policy's codes, also where their names are given."""
    from tasks.gateways.sources import spelled

    policy = in_force(day)
    texts = {
        name: read_words("what it is changed to", text, "leave the option out") for name, text in stated.items() if text
    }
    return {name: spelled(text, policy.column(APPLICATIONS.column(name))) for name, text in texts.items()}


def _assert_fits(what: What, code: str, new: str, occupation: str, particulars: dict[str, str]) -> None:
    """Raises WrongUseError where the words of the command do not belong together."""
    if not code:
        raise WrongUseError(f"{what.value} needs to know whom it concerns: write `filing adjust {what.value} CODE …`")
    if (what in _PAIRS) != bool(new):
        raise WrongUseError(
            "write `filing adjust recode OLD NEW …`, `merge OLD INTO …` or `renumber OLD NEW …`; "
            "the other decisions take one credit code"
        )
    if occupation and (what in _PAIRS or what is What.rename):
        raise WrongUseError(f"--occupation does not go with {what.value}, which concerns all there is on file")
    if (what is What.rename) != bool(particulars):
        raise WrongUseError(
            "with rename, and only with it, give at least one of --name, --region, --type and --address"
        )


def _carry_out(decided: Adjustment | Recoding | Renaming | Merger | Renumbering, day: date) -> None:
    ready()
    orchestrator.prepare(runs=True)
    from flows.decided import adjustment, change
    from flows.stages import publication
    from tasks.adjustment import assert_sense

    if not isinstance(decided, Adjustment):
        assert_sense(decided, day)
    cycle = last_cycle_on(day)
    if isinstance(decided, Adjustment):
        counts = orchestrator.run(adjustment, cycle, decided, day)
    else:
        counts = orchestrator.run(change, cycle, decided, day)
    if counts.failed:
        raise RefusedError("; ".join(counts.failed.values()))
    published = orchestrator.run(publication, cycle, day)
    summary = ", ".join(f"{number} {name}" for name, number in {**counts.done, **published.done}.items())
    typer.echo(summary or "nothing to do: this very decision is on record")
