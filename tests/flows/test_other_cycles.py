"""Results of another cycle than the one worked on are taken in, told everywhere, and judged by a run of their own."""

import json
from datetime import date
from pathlib import Path

from tasks.runs import page as run_page
from tasks.runs.waiting import wait_of
from tests import evaluations as made
from tests.commands import Filing
from tests.registers import COOK, ONE, TWO

EARLIER = "2026-04"


def test_they_are_told_until_their_cycle_is_run(home: Path, filing: Filing) -> None:
    from flows.filing_cycle import filing_cycle

    made.accepted("A1", [(ONE, COOK, "4")])
    made.accepted("B1", [(TWO, COOK, "4")], cycle=EARLIER)
    made.send_out(home)
    made.send_out(home, EARLIER)
    file = made.drop(home, "results.csv", made.result("A1"), made.result("B1", evaluated_on="2026-05-01"))

    imported = filing("import", "results", str(file), "--as-of", "2026-09-20")
    assert imported.code == 0
    assert f"1 results wait for a run of cycle {EARLIER}" in imported.out
    assert f"`filing run {EARLIER}`" in imported.out

    summary = filing_cycle.fn(made.CYCLE, made.DAY)
    assert summary.results_elsewhere == {EARLIER: 1}
    assert f"该批次有 1 条评估结果待审（filing run {EARLIER}）" in run_page.overview_text(
        summary, wait_of(made.CYCLE), None
    )
    (status,) = json.loads(filing("status", EARLIER, "--json").out)
    assert status["unjudged_results"] == 1
    doctor = filing("doctor")
    assert doctor.code != 0
    assert f"1 results of cycle {EARLIER} wait to be judged since 2026-09-20: run `filing run {EARLIER}`" in doctor.out

    assert filing_cycle.fn(EARLIER, date(2026, 9, 21)).results_elsewhere == {}
    assert filing_cycle.fn(made.CYCLE, date(2026, 9, 21)).results_elsewhere == {}
    assert made.standing("B1", cycle=EARLIER) == "filed"
    assert filing("doctor").code == 0
