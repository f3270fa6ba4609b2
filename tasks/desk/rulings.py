"""Rulings (例外审批): operators' permits and refusals put on record, and carried out on what is not filed yet."""

from collections.abc import Hashable, Mapping
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pandas as pd
import polars as pl
from sqlalchemy import Connection

from expectations.rulebook import rules
from expectations.side_tables import LeftOut
from schemas.errors import RefusedError, WrongUseError
from schemas.law.rulings import EVAL_5, OBJECTION, WINDOW_2, ApplicationOnRecord, Fault, Ruling, fault_of, unknown
from schemas.rows import tuples
from schemas.run import Counts, Run
from schemas.submission import DECISIONS
from tasks.letters.life import recall
from tasks.runs.run import begin, step
from tasks.store import applications, decisions, findings, items, late_versions, results, unfinished
from tasks.store.database import reading
from tasks.store.dossier import assert_unmoved
from tasks.store.leases import writing

#: Statuses of items that a ruling still moves.
_REACHED = ["held", "refused", "accepted", "dispatched", "passed"]
_RECALLED = "例外审批改为不予"


class UnknownApplicationError(WrongUseError):
    """A number nobody filed under."""


class ImpossibleRulingError(WrongUseError):
    """A ruling that cannot concern what it names."""


class LateRulingError(RefusedError):
    """A ruling on what it no longer reaches."""


def cycle_of(number: str) -> str:
    """The cycle an application belongs to; raises UnknownApplicationError."""
    with reading() as db:
        cycle = applications.cycle_of(db, number)
    if cycle is None:
        raise UnknownApplicationError(unknown(number).english, chinese=unknown(number).chinese)
    return cycle


def record_rulings(rows: pd.DataFrame, as_of: date | None = None, *, seen: int | None = None) -> int:
    """Put rulings on one application on record; returns how many are new.

    `rows`: the columns of the table of decisions; `seen`: the last history entry about the application that the page
    knew. Raises UnknownApplicationError, ImpossibleRulingError, LateRulingError or MovedError, having recorded nothing.
    """
    number = str(rows["application_no"].iloc[0])
    with reading() as db:
        cycle = applications.cycle_of(db, number)
        faults = list(_faults(db, rows).values())
    if cycle is None:
        raise UnknownApplicationError(faults[0].english, chinese=faults[0].chinese)
    for fault in faults:
        raise (LateRulingError if fault.is_late else ImpossibleRulingError)(fault.english, chinese=fault.chinese)
    with begin(cycle, as_of) as run, writing(run) as db:
        assert_unmoved(db, number, seen)
        return decisions.record(db, rows, run)


def has_work(number: str, rule: str, occupation: str) -> bool:
    """Whether anything of an application waits for, or went on by, a ruling: what is held, came late, is questioned."""
    if rule == OBJECTION:
        return True  # one without a public notice is not recorded
    with reading() as db:
        late = rule == WINDOW_2 and late_versions.has_any(db, number)
        questioned = rule == EVAL_5 and unfinished.may_be_questioned(db, number, occupation)
        return late or questioned or decisions.has_hold(db, number, rule, occupation)


def take_rulings(db: Connection, rows: pd.DataFrame, run: Run) -> tuple[int, list[LeftOut]]:
    """Record the rulings of a table that can be taken; how many were new, and the rows of the others.

    `rows`: the columns of the table of decisions, `row` and `line`. One that is on record already is not judged again.
    """
    new = rows[~decisions.are_known(db, rows)].reset_index(drop=True)
    faults = _faults(db, new)
    refused = [
        LeftOut.of(DECISIONS, row, line, f"未采用：{faults[place].chinese}")
        for place, (row, line) in enumerate(tuples(new[["row", "line"]]))
        if place in faults
    ]
    return decisions.record(db, new[~new.index.isin(list(faults))], run), refused


def _faults(db: Connection, rows: pd.DataFrame) -> dict[int, Fault]:
    """By place, why a ruling is not taken."""
    in_principle = {code for code, rule in rules().items() if rule.nature == "in_principle"}
    numbers = map(str, rows["application_no"].unique())
    applications = {number: decisions.application_on_record(db, number) for number in numbers}
    faults = {
        place: fault_of(
            _ruling(row, applications[row["application_no"]]), applications[row["application_no"]], in_principle
        )
        for place, row in enumerate(rows.fillna("").to_dict("records"))
    }
    return {place: fault for place, fault in faults.items() if fault}


def _ruling(row: Mapping[Hashable, str], application: ApplicationOnRecord | None) -> Ruling:
    moment = datetime.fromisoformat(row["decided_at"])
    if moment.tzinfo and application:
        moment = moment.astimezone(ZoneInfo(application.policy.timezone))
    return Ruling(row["application_no"], row["rule"], row["occupation_code"], row["verdict"], moment.date())


@step("settle-{run.cycle}")
def settle_holds(run: Run) -> Counts:
    """Let held items go on, end them, take refused ones back, as the latest rulings say (contract section 2)."""
    with writing(run) as db:
        reached = items.of_cycle(db, run.cycle, _REACHED)
        if run.only is not None:
            reached = reached[reached["application_no"].isin(run.only)]
        if reached.empty:
            return Counts()
        holds = decisions.on_holds(db, run.cycle)
        holds = holds[holds["rule"] != EVAL_5]
        moved = _refuse(db, reached, holds, run) + _take_back(db, reached, holds, run)
        held = reached[reached["status"] == "held"]
        if moved:
            held = items.of_cycle(db, run.cycle, ["held"]).merge(reached[items.KEYS], on=items.KEYS)
        moves = _settled(held, holds)
        stays = moves["became"] == "held"
        items.restate(db, moves[stays & (moves["reason"] != moves["was_reason"])])
        moved += items.move(db, moves[~stays], run, "filing")
        if moved:
            applications.follow_items(db, run.cycle, run)
        return Counts.of(settled=moved)


def _refuse(db: Connection, reached: pd.DataFrame, holds: pd.DataFrame, run: Run) -> int:
    """End what went on under a permit that was turned into a refusal; the package it was held before is recalled."""
    gone_on = reached[reached["status"].isin(["accepted", "dispatched", "passed"])].drop(columns="reason")
    refusing = holds[holds["verdict"] == "refuse"].merge(gone_on[items.KEYS], on=items.KEYS)
    if refusing.empty:
        return 0
    turned = gone_on.merge(items.rules_of(refusing, "reason"), on=items.KEYS)
    out = (turned["status"] == "dispatched") | _held_before_panel(db, turned, run.cycle)
    recall(db, turned[out], _RECALLED, run)
    return items.move(
        db, turned.assign(became="refused", because="例外审批改为不予：" + turned["reason"]), run, "filing"
    )


def _held_before_panel(db: Connection, turned: pd.DataFrame, cycle: str) -> "pd.Series[bool]":
    """Which items (`reason`: the refusing rules) a rule of their screening refuses, and not only one of their filing."""
    screening = findings.of_cycle(db, cycle)[["application_no", "rule"]].drop_duplicates()
    rules = turned[items.KEYS].assign(rule=turned["reason"].str.split(";")).explode("rule")
    screened = rules.merge(screening, on=["application_no", "rule"])[items.KEYS].drop_duplicates()
    return turned[items.KEYS].merge(screened, how="left", indicator=True)["_merge"].eq("both").set_axis(turned.index)


def _take_back(db: Connection, reached: pd.DataFrame, holds: pd.DataFrame, run: Run) -> int:
    """Take refused items back to where they were held, once none of the rules that refused them does so any more.

    One whose package was recalled goes to a panel again: what the former one found counts no more. One whose application
    was returned since waits for the correction like the rest. Of the others the reason keeps the rules that still refuse.
    """
    refused = reached[reached["status"] == "refused"].merge(holds[items.KEYS].drop_duplicates(), on=items.KEYS)
    if refused.empty:
        return 0
    judged = _held_against(refused, holds)
    items.restate(db, judged[judged["stands"] & (judged["reason"] != refused["reason"])])
    anew = _refuse_again(db, judged[judged["further"]], run)
    back = refused[~judged["stands"]].drop(columns="reason").reset_index(drop=True)
    if back.empty:
        return anew
    counted = back[items.KEYS].merge(results.accepted(db, run.cycle), on=items.KEYS, how="left")
    items.forget_results(db, counted[counted["result_id"].isna()])
    returning = findings.returning(db, run.cycle)
    back["reason"] = [returning.get(number, "") for number in back["application_no"]]
    back["became"] = ["returned" if reason else "held" for reason in back["reason"]]
    return anew + items.move(db, back.assign(because="例外审批改为准予"), run, "filing")


def _held_against(refused: pd.DataFrame, holds: pd.DataFrame) -> pd.DataFrame:
    """Refused items with the rules that still refuse them as their `reason`, held against the verdicts on their holds.

    `stands`: whether any rule does; `further`: whether a refusal of one of the rules that refused it stands, and a rule
    beside these refuses it by now.
    """
    verdicts: dict[tuple[str, ...], dict[str, str]] = {}
    for *key, rule, verdict in tuples(holds[[*items.KEYS, "rule", "verdict"]]):
        verdicts.setdefault(tuple(key), {})[rule] = verdict
    rows = []
    for *key, reason in tuples(refused[[*items.KEYS, "reason"]]):
        on, rules = verdicts[tuple(key)], set(reason.split(";"))
        # what was refused under no hold, as an objection or an ended renewal, is not settled here
        still = sorted(rule for rule in rules if on.get(rule) != "permit")
        refusing = {rule for rule, verdict in on.items() if verdict == "refuse"}
        rows.append((";".join(still), bool(still), bool(refusing & rules) and not refusing <= rules))
    judged = pd.DataFrame(rows, columns=["reason", "stands", "further"], index=refused.index)
    return refused.drop(columns="reason").join(judged)


def _refuse_again(db: Connection, further: pd.DataFrame, run: Run) -> int:
    """Open what is refused and now refused under a further rule, so that it is refused, and written of, under all of them."""
    return items.move(db, further.assign(became="held", reason="", because="另一项例外审批亦为不予"), run, "filing")


def _settled(held: pd.DataFrame, holds: pd.DataFrame) -> pd.DataFrame:
    """Each held item with what becomes of it, the rules behind that, and because of which decision."""
    verdict, rule = pl.col("verdict"), pl.col("rule")
    by_item = (
        pl.from_pandas(holds)
        .group_by(items.KEYS)
        .agg(
            rule.filter(verdict.is_null()).unique().sort().str.join(";").alias("open"),
            rule.filter(verdict == "refuse").unique().sort().str.join(";").alias("refusing"),
            # nobody decided anything where the place of every hold became free
            (verdict == "free").fill_null(False).all().alias("free"),
        )
    )
    rows = pl.from_pandas(held).join(by_item, on=items.KEYS, how="left", maintain_order="left")
    rows = rows.with_columns(pl.col("open", "refusing").fill_null(""), was_reason=pl.col("reason"))
    still, refused = pl.col("open") != "", pl.col("refusing") != ""
    goes_on = pl.when(pl.col("decided_result").is_null()).then(pl.lit("accepted")).otherwise(pl.lit("passed"))
    ruled = pl.when(refused).then(pl.lit("例外审批不予：")).when(pl.col("free") & ~still)
    because = ruled.then(pl.lit("占用的名额已空出：")).otherwise(pl.lit("例外审批准予："))
    outcomes = rows.with_columns(
        became=pl.when(refused).then(pl.lit("refused")).when(still).then(pl.lit("held")).otherwise(goes_on),
        reason=pl.when(refused).then("refusing").otherwise("open"),
        because=because + pl.when(refused).then("refusing").otherwise("was_reason"),
    )
    return outcomes.to_pandas()
