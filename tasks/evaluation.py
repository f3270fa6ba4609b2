"""Evaluation (评估): sending packages out, judging the results that come back, and moving items by accepted results."""

from dataclasses import replace
from functools import partial

import pandas as pd
from sqlalchemy import Connection
from xlsxwriter.exceptions import XlsxWriterException

from expectations.check import check_results
from schemas.evaluation import EvaluationPackage
from schemas.item import ALONG, UNIT
from schemas.law.rulings import EVAL_5
from schemas.qualification import Adjustment
from schemas.rows import records
from schemas.run import Counts, Run
from schemas.settings import UnusableSettingsError
from tasks.gateways.evaluators import Channel, evaluation_channel, package_files
from tasks.gateways.evaluators.dispatch_tokens import Signer
from tasks.letters import contents
from tasks.letters.delivery import deliver_letters
from tasks.letters.holders import adjustment_letter
from tasks.letters.packages import packages_for, result_returns
from tasks.runs.run import step
from tasks.runs.spreading import spread
from tasks.store import (
    adjustments,
    applications,
    code_changes,
    correspondence,
    decisions,
    dispatches,
    findings,
    items,
    letters,
    outbox,
    panels,
    register,
    results,
)
from tasks.store.database import reading
from tasks.store.directory import occupation_names
from tasks.store.leases import writing
from tasks.store.outbox import LETTERS, PACKAGES, Delivery, Entry
from tasks.store.scene import without_facts

_OPEN_TO_RESULTS = ["dispatched", "passed", "failed", "filed", "held"]
_CORRECTED = "更正后的评估结果为不合格，经审批撤销备案"


def evaluation(run: Run) -> Counts:
    """Send accepted items to their panels, and judge the results that have come back (Notice, article 3(3))."""
    return Counts.sum([send_out(run), deliver_packages(run), collect(run), deliver_letters(run)])


@step("send-{run.cycle}")
def send_out(run: Run) -> Counts:
    """Put a package into the outbox for every application with accepted items, and write to its applicant (3(2), 3(3))."""
    with writing(run) as db:
        accepted = _chosen(items.of_cycle(db, run.cycle, ["accepted"]), run)
        out = _chosen(dispatches.awaited(db, run.cycle), run)
        drawn = panels.draw(db, set(accepted["application_no"]), set(out["application_no"]), run)
        redrawn = items.of_applications(db, sorted(drawn.anew))[[*items.KEYS, *ALONG]]
        again = out.merge(redrawn, on=items.KEYS)
        carried = pd.concat([accepted, again], ignore_index=True)
        if carried.empty:
            return Counts()
        packages = packages_for(db, carried, drawn.standing, run)
        acceptances = _acceptances(db, {number: packages[number] for number in set(accepted["application_no"])}, run)
        contents = {number: package.model_dump(mode="json") for number, package in packages.items()}
        first = set(accepted["application_no"])
        dispatches.send(db, {number: content for number, content in contents.items() if number in first}, accepted, run)
        dispatches.send_again(db, contents, again, run)
        written = letters.write(db, acceptances, run)
    return Counts.of(packages=len(packages), dispatched=len(accepted), letters=written, redrawn=len(drawn.anew))


def _chosen(frame: pd.DataFrame, run: Run) -> pd.DataFrame:
    return frame if run.only is None else frame[frame["application_no"].isin(run.only)]


def _acceptances(db: Connection, packages: dict[str, EvaluationPackage], run: Run) -> list[Entry]:
    numbers = sorted(packages)
    rows = items.of_cycle(db, run.cycle, ["accepted", "held"])
    return contents.acceptances(
        applications.current(db, numbers),
        rows[rows["application_no"].isin(numbers)],
        {number: [due.title(run.policy) for due in package.commitments] for number, package in packages.items()},
        {number: f"r{package.revision}" for number, package in packages.items()},
        occupation_names(db),
        correspondence.before(db, numbers),
        run,
    )


@step("packages-{run.cycle}")
def deliver_packages(run: Run) -> Counts:
    """Deliver every package not delivered yet; one that cannot be delivered stays in the outbox and stops no other."""
    with reading() as db:
        due = dispatches.undelivered(db, run.cycle)
    if not due:
        return Counts()
    try:
        evaluation_channel(run.installation, _address_of)
    except UnusableSettingsError as unset:
        return Counts(failed={number: f"the package was not sent: {unset}" for number, _ in due})
    numbers = {dispatches.occasion(number, revision): number for number, revision in due}
    # mail servers and evaluation systems are approached by one process at a time
    is_folder = run.installation.evaluation_channel == "folder"
    occasions = sorted(numbers)
    delivery = spread(run, "packages", hand_over, occasions) if is_folder else hand_over(run, occasions)
    return Counts(
        done={"delivered": delivery.done} if delivery.done else {},
        failed={numbers[occasion]: why for occasion, why in delivery.failed.items()},
    )


def hand_over(run: Run, due: list[str]) -> Delivery:
    """Deliver the packages of these occasions; repeating it delivers none twice."""
    channel = evaluation_channel(run.installation, _address_of)
    # a file can be written twice without harm; mails and calls are recorded one by one, so a kill repeats at most one
    box = replace(PACKAGES, portion=LETTERS.portion) if run.installation.evaluation_channel == "folder" else PACKAGES
    hand = partial(_hand_over, channel, Signer(run.installation), run)
    return outbox.deliver(box, due, hand, lambda: writing(run), channel.settle)


def _hand_over(channel: Channel, signer: Signer, run: Run, entry: Entry) -> str:
    package = EvaluationPackage.model_validate(entry.content)
    try:
        files = package_files(package, run.policy, signer.token_for(package))
    except XlsxWriterException as refused:
        raise ValueError(str(refused)) from refused
    return channel.deliver(package, files, entry.occasion)


def _address_of(expert_no: str) -> str:
    with reading() as db:
        return panels.address(db, expert_no)


@step("collect-{run.cycle}")
def collect(run: Run) -> Counts:
    """Judge every new result: accept it, or return it to the panel with the findings it has to mend."""
    with writing(run) as db:
        results.reconsider(db, run.cycle, run.day)
        received = results.to_judge(db, run.cycle, run.only)
        # batches are numbered as they came: a later one corrects an earlier
        batches = received.groupby(received["batch"].astype("int64"), sort=True)
        judged = [_judge(db, batch, run) for _, batch in batches]
        moved = take_verdicts(db, run)
        applications.follow_items(db, run.cycle, run)
    return Counts.sum([*judged, moved])


def _judge(db: Connection, batch: pd.DataFrame, run: Run) -> Counts:
    batch = batch.reset_index(drop=True)
    checked = check_results(
        batch.drop(columns=["result_id", "batch"]),
        dispatches.sent_items(db, run.cycle),
        without_facts(run.cycle, run.day),
    )
    numbered = checked.readings.assign(result_id=batch["result_id"])
    result_findings = _on_results(checked.findings, numbered)
    findings.replace_of_results(db, result_findings, numbered["result_id"], run.cycle)
    replaced = results.judged(db, numbered)
    refused = numbered.loc[~numbered["accepted"], ["result_id", *UNIT]]
    counts = {
        "accepted_results": int(numbered["accepted"].sum()),
        "refused_results": len(refused),
        "replaced_results": len(replaced),
        "letters": letters.write(db, _returned(db, refused, result_findings, run), run),
    }
    return Counts(
        done={name: count for name, count in counts.items() if count},
        advice=[f"{number}已采纳的评估结果由后来报送的结果替换" for number in replaced],
    )


def _returned(db: Connection, refused: pd.DataFrame, result_findings: pd.DataFrame, run: Run) -> list[Entry]:
    if refused.empty:
        return []
    applicants = applications.current(db, sorted(set(result_findings["application_no"])))
    names = dict(zip(applicants["application_no"], applicants["institution_name"].fillna(""), strict=True))
    return result_returns(refused, result_findings, names, run)


def _on_results(result_findings: pd.DataFrame, numbered: pd.DataFrame) -> pd.DataFrame:
    """Findings with their result's number as `version`; EVAL-5, which questions filed items, only for accepted results."""
    columns = ["application_no", "row", "result_id", "accepted"]
    rows = result_findings.merge(numbered[columns], on=["application_no", "row"], how="left")
    relevant = rows[(rows["rule"] != EVAL_5) | rows["accepted"]]
    return relevant.drop(columns="accepted").rename(columns={"result_id": "version"})


def take_verdicts(db: Connection, run: Run) -> Counts:
    """Move items to `passed` or `failed`; what is filed stays so until a person decides on a corrected result (EVAL-5)."""
    present = items.undecided(db, run.cycle, _OPEN_TO_RESULTS)
    if run.only is not None:
        present = present[present["application_no"].isin(run.only)]
    passed = present["verdict"] == "pass"
    filed = present["status"] == "filed"
    # in every run, for a permit that let a filed item stand may be turned into a refusal later
    revoked = _decide_on_filed(db, present[filed & ~passed], run)
    undecided = present["decided_result"].fillna(-1) != present["result_id"]
    decided = present[undecided & (~filed | passed)]
    if decided.empty:
        return Counts.of(refused=revoked)
    passed, filed = passed[decided.index], filed[decided.index]
    decided = decided.assign(
        became=passed.map({True: "passed", False: "failed"}),
        reason=decided["failed_by"].fillna("").where(~passed, ""),
        because="评估结果：" + passed.map({True: "合格", False: "不合格"}),
    )
    stays = (decided["became"] == decided["status"]) | filed
    items.move(db, decided[~stays], run, "filing")
    items.decided(db, decided)
    moved = decided[~stays]["became"].value_counts()
    return Counts.of(**{str(status): int(count) for status, count in moved.items()}, refused=revoked)


def _decide_on_filed(db: Connection, questioned: pd.DataFrame, run: Run) -> int:
    """Ask for a ruling on filed items that a corrected result fails, and carry out the rulings on record (EVAL-5).

    A permit lets the item stand, a refusal takes it off the register. A ruling recorded before the result came in was
    about another result and is ignored. Returns how many items were taken off.
    """
    if questioned.empty:
        return 0
    findings.hold(db, questioned.assign(rule=EVAL_5), run.cycle)
    columns = ("verdict", "decided_by", "document_no", "reason", "recorded_on")
    ruled = decisions.latest(db, run.cycle, EVAL_5, questioned, columns)
    ruled = questioned.drop(columns=["verdict", "reason"]).merge(ruled, on=["application_no", "occupation_code"])
    ruled = ruled[ruled["recorded_on"].astype("str") >= ruled["received_on"].astype("str")]
    items.decided(db, ruled)
    refused = ruled[ruled["verdict"] == "refuse"]
    for _, rows in refused.groupby(["application_no", "occupation_code"], sort=True):
        _take_off(db, rows, run)
    return len(refused)


def _take_off(db: Connection, rows: pd.DataFrame, run: Run) -> None:
    """Revoke these items of one application and occupation, put the revocation on record, and refuse the items.

    On the register the occupation may have another code by now, and another application may have filed it too.
    """
    present = rows[register.KEYS].assign(occupation_code=code_changes.follow_occupations(db, rows["occupation_code"]))
    ruling = rows.assign(**present).iloc[0]
    ground = f"{_CORRECTED}：{ruling['reason']}"
    revocation = Adjustment(
        kind="revoke",
        uscc=ruling["uscc"],
        occupation_code=ruling["occupation_code"],
        ground=ground,
        document_no=ruling["document_no"],
        decided_by=ruling["decided_by"],
        effective_on=run.day,
    )
    _revoke(db, present, revocation, rows, run)
    if not adjustments.is_recorded(db, revocation):
        adjustments.record(db, revocation, run)
    because = f"{ground}（{ruling['document_no']}）"
    items.move(db, rows.assign(became="refused", reason=EVAL_5, because=because), run, ruling["decided_by"])


def _revoke(db: Connection, keys: pd.DataFrame, revocation: Adjustment, rows: pd.DataFrame, run: Run) -> None:
    """Take these keys off the register as far as they are on it, and write to their institution; `rows`: the items."""
    standing = register.standings(db, run.day)
    holdings = standing[standing["uscc"] == revocation.uscc]
    held = holdings.merge(keys, on=register.KEYS)
    if held.empty:
        return
    adjustments.take_off(db, held, revocation, "revoked", "撤销", run)
    filed_by = correspondence.of(db, [rows.iloc[0]["application_no"]]).contradicted("revocation", records(rows))
    letter = adjustment_letter(revocation, holdings, held, occupation_names(db), run, filed_by)
    letters.write(db, [letter], run)
