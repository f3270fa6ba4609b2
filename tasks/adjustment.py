"""Adjustment (调整) and change (变更): operators' decisions about what is on file carried out, each with its letter.

Each is an operator's decision carried out in one transaction on everything known of what it concerns (contract section 7).
"""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

import pandas as pd
import polars as pl
from sqlalchemy import Connection

from expectations.identifiers import holds_number, is_credit_code
from schemas.errors import RefusedError, WrongUseError
from schemas.item import OPEN
from schemas.policy import in_force
from schemas.qualification import ADJUSTMENTS, STANDINGS, Adjustment, Merger, Recoding, Renaming, Renumbering
from schemas.reference_data import reference
from schemas.run import Counts, Run
from tasks.letters.delivery import deliver_letters
from tasks.letters.holders import adjustment_letter
from tasks.runs.run import step
from tasks.store import adjustments, code_changes, institutions, items, letters, register
from tasks.store.directory import occupation_names
from tasks.store.leases import writing


class ImpossibleAdjustmentError(RefusedError, ValueError):
    """A decision that cannot be carried out on the register as it is: one sentence."""


def adjustment(run: Run, decided: Adjustment) -> Counts:
    """Suspend, reinstate, withdraw or revoke what is on file; the next edition shows it (Notice, article 4)."""
    return Counts.sum([adjust(run, decided), deliver_letters(run)])


@step("adjust-{adjustment.uscc}")
def adjust(run: Run, adjustment: Adjustment) -> Counts:
    """Carry out one decision; again changes nothing. What cannot be carried out is reported as failed: nothing is written."""
    try:
        return carry_out(run, adjustment)
    except ImpossibleAdjustmentError as impossible:
        return Counts(failed={adjustment.uscc: str(impossible)})


def carry_out(run: Run, adjustment: Adjustment) -> Counts:
    """The moves, their history and the letter in one transaction.

    Raises ImpossibleAdjustmentError, having written nothing, where there is nothing the decision could concern.
    """
    kind = ADJUSTMENTS[adjustment.kind]
    with writing(run) as db:
        if adjustments.is_recorded(db, adjustment):
            return Counts()
        holdings, concerned = _concerned(db, adjustment, run)
        lifted = concerned.iloc[:0]
        if kind.ends_term:
            adjustments.end(db, concerned, adjustment, kind.became, kind.title, run)
        elif kind.became == "suspended":
            adjustments.suspend(db, concerned, adjustment, run)
        else:
            lifted = adjustments.reinstate(db, concerned, adjustment, run)
        adjustments.record(db, adjustment, run)
        moved = concerned if len(concerned) else lifted.merge(institutions.current(db)[["uscc", "institution_name"]])
        letter = adjustment_letter(adjustment, holdings, moved, occupation_names(db), run)
        done = {kind.became: len(concerned)} if len(concerned) else {"lifted": len(lifted)}
        return Counts(done={**done, "letters": letters.write(db, [letter], run)})


def _concerned(db: Connection, adjustment: Adjustment, run: Run) -> tuple[pd.DataFrame, pd.DataFrame]:
    """What the institution has on file, and which of it the decision moves; nothing where it only lifts a suspension."""
    kind = ADJUSTMENTS[adjustment.kind]
    if adjustment.effective_on > run.day:
        raise ImpossibleAdjustmentError(
            f"{adjustment.effective_on} is still to come: record the decision on that day or after it",
            chinese=f"{adjustment.effective_on} 还没有到：请在当日或以后办理",
        )
    held = register.standings(db, run.day)
    holdings = held[(held["uscc"] == adjustment.uscc) & (held["filed_on"] <= adjustment.effective_on.isoformat())]
    chosen = (
        holdings
        if not adjustment.occupation_code
        else holdings[holdings["occupation_code"] == adjustment.occupation_code]
    )
    concerned = chosen[chosen["standing"].isin(kind.concerns)]
    lifts = kind.code == "reinstate" and len(adjustments.suspended_still(db, adjustment)) > 0
    if concerned.empty and not lifts:
        code = adjustment.occupation_code
        subject = f"occupation {code} of {adjustment.uscc}" if code else adjustment.uscc
        standings = sorted(set(chosen["standing"]))
        stands = "、".join(standings) or f"not on file on {adjustment.effective_on}"
        now = "、".join(STANDINGS[standing] for standing in standings) or f"{adjustment.effective_on} 不在册"
        raise ImpossibleAdjustmentError(
            f"there is nothing to {kind.code}: {subject} is {stands}; `filing history {adjustment.uscc}` tells why",
            chinese=f"没有可以{kind.title}的：{adjustment.uscc}{f' 的职业 {code}' if code else ''}（{now}），请看它的经过",
        )
    return holdings, concerned


Change = Recoding | Renaming | Merger | Renumbering


class ImpossibleChangeError(WrongUseError, ValueError):
    """A change to what there cannot be, whatever the register says: one sentence."""


@step("change-{run.day}")
def carry_on(run: Run, change: Change) -> Counts:
    """Carry out a change; again changes nothing. What cannot be done is reported as failed: nothing is written."""
    try:
        return carry_out_change(run, change)
    except (ImpossibleAdjustmentError, ImpossibleChangeError) as impossible:
        return Counts(failed={str(run.day): str(impossible)})


def carry_out_change(run: Run, change: Change) -> Counts:
    """Carry out a change in one transaction.

    Raises ImpossibleAdjustmentError where the register does not allow it, ImpossibleChangeError for a code, type or
    region that there is not; nothing is written then.
    """
    assert_sense(change, run.day)
    require, apply, done = _KINDS[type(change)]
    with writing(run) as db:
        if _is_done(db, change):
            return Counts()
        _require_past(change.effective_on, run)
        require(db, change)
        return Counts(done={done: apply(db, change, run)})


def _is_done(db: Connection, change: Change) -> bool:
    """Whether the register shows this change already."""
    match change:
        case Renaming():
            particulars = institutions.current(db)
            rows = particulars[particulars["uscc"] == change.uscc].to_dict("records")
            return bool(rows) and change.particulars.items() <= rows[0].items()
        case Renumbering():
            return code_changes.present_occupation_codes(db).get(change.old_code) == change.new_code
        case Recoding():
            return code_changes.present_credit_codes(db).get(change.old_uscc) == change.new_uscc
        case Merger():
            return code_changes.present_credit_codes(db).get(change.old_uscc) == change.into_uscc


def _require_past(day: date, run: Run) -> None:
    if day > run.day:
        raise ImpossibleAdjustmentError(
            f"{day} is still to come: record the change on that day or after it",
            chinese=f"{day} 还没有到：请在当日或以后办理",
        )


def _require_known(db: Connection, uscc: str) -> None:
    former = code_changes.present_credit_codes(db)
    if uscc in former:
        raise ImpossibleAdjustmentError(
            f"{uscc} was changed to {former[uscc]} already: give that code instead",
            chinese=f"代码 {uscc} 已变更为 {former[uscc]}：请改用 {former[uscc]}",
        )
    if uscc not in set(institutions.current(db)["uscc"]):
        raise ImpossibleAdjustmentError(
            f"{uscc} is not on the register: `filing directory` lists the credit codes",
            chinese=f"名册上没有统一社会信用代码 {uscc}：请在“机构”页核对",
        )


def _require_recodable(db: Connection, recoding: Recoding) -> None:
    old, new = recoding.old_uscc, recoding.new_uscc
    _require_known(db, old)
    if not pl.select(is_credit_code(pl.lit(new))).item():
        raise ImpossibleAdjustmentError(
            f"{new} is not a valid unified social credit code (GB 32100): check its digits",
            chinese=f"{new} 不是有效的统一社会信用代码（校验码不符）：请逐位核对",
        )
    if new in set(institutions.current(db)["uscc"]) or new in code_changes.present_credit_codes(db):
        raise ImpossibleAdjustmentError(
            f"{new} is or was the code of another institution on the register: a change of code joins no institutions, "
            "`filing adjust merge` does",
            chinese=f"{new} 是或曾是名册上另一家机构的代码：两家合并的，请用“并入另一家机构”办理",
        )


def _require_mergeable(db: Connection, merger: Merger) -> None:
    _require_known(db, merger.old_uscc)
    _require_known(db, merger.into_uscc)


def _require_renumberable(db: Connection, renumbering: Renumbering) -> None:
    old, new = renumbering.old_code, renumbering.new_code
    former = code_changes.present_occupation_codes(db)
    if old in former:
        raise ImpossibleAdjustmentError(
            f"{old} was changed to {former[old]} already: change that code instead",
            chinese=f"职业编码 {old} 已变更为 {former[old]}：请改用 {former[old]}",
        )
    if new in former:
        raise ImpossibleAdjustmentError(
            f"{new} was given up for {former[new]}: give the code that is in use",
            chinese=f"职业编码 {new} 已停用，现为 {former[new]}：请填现行的编码",
        )
    under_way = items.in_status(db, list(OPEN))
    if old not in {*register.current_entries(db)["occupation_code"], *under_way["occupation_code"]}:
        raise ImpossibleAdjustmentError(
            f"{old} is not on the register, and nobody applies for it: `filing directory` lists the occupation codes",
            chinese=f"名册上没有职业编码 {old}，也没有人申报：请核对",
        )


def assert_sense(change: Change, day: date) -> None:
    """Raise ImpossibleChangeError for a type, region, name or code that there cannot be, whatever the register says."""
    match change:
        case Renaming():
            _assert_particulars(change, day)
        case Merger(old_uscc=old, into_uscc=into) if old == into:
            raise ImpossibleChangeError(
                "an institution does not merge into itself: give two credit codes",
                chinese=f"机构不能并入自己（{old}）：请填另一家机构的统一社会信用代码",
            )
        case Renumbering(old_code=old, new_code=new) if old == new:
            raise ImpossibleChangeError(
                "the old and the new code are the same: give two codes",
                chinese=f"原编码和新编码都是 {old}：请填两个编码",
            )
        case Renumbering(new_code=new) if new not in reference().occupation_names():
            raise ImpossibleChangeError(
                f"{new} is in no list of occupations: check it, or put the list that has it into FILING_REFERENCE",
                chinese=f"职业编码 {new} 不在职业分类大典及其补充目录中：请核对编码",
            )


def _assert_particulars(renaming: Renaming, day: date) -> None:
    policy = in_force(day)
    for option, title, text, words in (
        ("--type", "机构类型", renaming.institution_type, policy.institution_types),
        ("--region", "所属区划", renaming.region_code, policy.region_names),
    ):
        if text and text not in words:
            raise ImpossibleChangeError(
                f"{option} '{text}' is none of the policy's: write one of {', '.join(words)}",
                chinese=f"{title}“{text}”不在办法所列之内：请选 {'、'.join(words.values())} 之一",
            )
    for option, title, text in (
        ("--name", "机构名称", renaming.institution_name),
        ("--address", "注册地址", renaming.registered_address),
    ):
        if pl.select(holds_number(pl.lit(text))).item():
            raise ImpossibleChangeError(
                f"{option} holds an identity number or a telephone number, and the directory is public: leave it out",
                chinese=f"{title}中有身份证号码或电话号码，而目录是公开的：请删去",
            )


_KINDS: Mapping[type, tuple[Callable[[Connection, Any], None], Callable[[Connection, Any, Run], int], str]] = {
    Recoding: (_require_recodable, adjustments.recode, "recoded"),
    Merger: (_require_mergeable, adjustments.merge, "merged"),
    Renaming: (lambda db, renaming: _require_known(db, renaming.uscc), adjustments.rename, "renamed"),
    Renumbering: (_require_renumberable, adjustments.renumber, "renumbered"),
}
