"""A deployed cycle waits weeks for results without a process, whatever is killed meanwhile, and goes on by itself."""

import csv
import json
from collections import Counter
from datetime import timedelta
from typing import Any

import pandas as pd
import pytest

from deployments import sample as made
from schemas.law.cycle import cycle_id
from schemas.policy import for_cycle
from tasks.runs.orchestration import UNDONE
from tests import receivers
from tests.faults.house import TestHouse
from tests.ports import held_port

INSTITUTIONS = 12
pytestmark = pytest.mark.slow


class Waiting:
    """A deployed run of a cycle of made submissions, with an inbox of its own."""

    def __init__(self, house: TestHouse, cycle: str, seed: int) -> None:
        self.house, self.cycle = house, cycle
        self.inbox = house.home / f"inbox-{cycle}"
        self.sample = made.make_cycle(cycle_id(cycle), seed, INSTITUTIONS)
        made.write_inbox(self.sample, self.inbox, self.inbox / "desk")
        self.run = self.start()

    @property
    def over(self) -> Any:
        policy = for_cycle(cycle_id(self.cycle))
        return policy.deadline(cycle_id(self.cycle)) + timedelta(days=policy.evaluation.wait_days)

    def start(self, **other: Any) -> str:
        """Ask for a run, on the day after the deadline."""
        day = {"as_of": f"{self.cycle}-11", **other}
        return self.house.run_deployment("filing-cycle/cycle", cycle=self.cycle, inbox=str(self.inbox), **day)

    def status(self) -> dict[str, Any]:
        report: dict[str, Any] = json.loads(self.house.filing("status", self.cycle, "--json"))[0]
        return report

    def back(self) -> int:
        """How many results are accepted."""
        return int(self.status()["results"].split()[0])

    def portions(self) -> list[pd.DataFrame]:
        """The results of what was really sent out, dated on the day of the run, in three portions."""
        folder = self.house.home / f"all-{self.cycle}"
        made.write_results(self.sample, folder, self.house.home / "outbox" / "evaluation" / self.cycle)
        results = pd.read_csv(folder / "results.csv", dtype=str)
        results = results[results["application_no"].isin(self.sent())].assign(evaluated_on=f"{self.cycle}-11")
        third = len(results) // 3
        assert third, "too few results to come in portions"
        return [results[:third], results[third : 2 * third], results[2 * third :]]

    def sent(self) -> set[str]:
        """Numbers of the applications of which something was sent out."""
        listed = csv.DictReader(self.house.filing("items", self.cycle).splitlines())
        out = ("dispatched", "passed", "failed")
        return {row["application_no"] for row in listed if row["status"] in out}

    def drop(self, name: str, rows: pd.DataFrame) -> None:
        (self.inbox / "results").mkdir(exist_ok=True)
        rows.to_csv(self.inbox / "results" / name, index=False)

    def say_day(self, day: Any) -> None:
        """Have the suspended run believe that it is another day."""
        parameters = self.house.run(self.run)["parameters"]
        self.house.ask("PATCH", f"/flow_runs/{self.run}", parameters={**parameters, "as_of": day.isoformat()})


@pytest.fixture(scope="module")
def both(standing: TestHouse) -> tuple[Waiting, Waiting]:
    """Two cycles that wait, whose worker and server were then killed and started again."""
    first, second = Waiting(standing, "2025-09", 3), Waiting(standing, "2026-04", 4)
    for waiting in (first, second):
        standing.wait_state(waiting.run, "Suspended")
        assert waiting.status()["items"]["dispatched"] > 0
    standing.kill("worker-1")
    standing.kill("server")
    standing.start_server()
    standing.start_worker()
    return first, second


def test_resumed_in_three_portions_it_publishes(both: tuple[Waiting, Waiting], standing: TestHouse) -> None:
    waits = both[0]
    assert standing.run(waits.run)["state_name"] == "Suspended"
    assert waits.status()["editions"] == ""
    first, second, third = waits.portions()
    waits.drop("一.csv", first)
    standing.wait_for("the first portion", lambda: waits.back() > 0)
    standing.wait_state(waits.run, "Suspended")
    after_first = waits.back()
    waits.drop("二.csv", second)
    standing.wait_for("the second portion", lambda: waits.back() > after_first)
    standing.wait_state(waits.run, "Suspended")
    # the returned application's correction period is over
    waits.say_day(for_cycle(cycle_id(waits.cycle)).deadline(cycle_id(waits.cycle)) + timedelta(days=14))
    waits.drop("三.csv", third)
    standing.wait_state(waits.run, "Completed")
    assert waits.status()["editions"] == f"{waits.cycle}.1"
    assert (standing.home / "published" / "latest" / "directory.csv").is_file()
    assert waits.cycle in standing.page(f"edition-{waits.cycle}-1")


def test_the_wait_runs_out(both: tuple[Waiting, Waiting], standing: TestHouse) -> None:
    waits = both[1]
    waits.drop("一.csv", waits.portions()[0])
    standing.wait_for("what came in time", lambda: waits.back() > 0)
    standing.wait_state(waits.run, "Suspended")
    waits.say_day(waits.over - timedelta(days=1))
    standing.wait_state(standing.run_deployment("resume-waiting/resume-waiting"), "Completed", "Cancelled")
    assert standing.run(waits.run)["state_name"] == "Suspended", "the day before, nothing goes on"
    other = waits.start(as_of=waits.over.isoformat())
    standing.wait_state(other, "Completed")
    standing.wait_state(waits.run, "Completed")
    assert f"办理日期 {waits.over}" in standing.page(f"overview-{waits.cycle}"), "it did not go back to its own day"
    status = waits.status()
    assert status["editions"] == f"{waits.cycle}.1"
    assert status["items"]["dispatched"] > 0, "what is still missing stays dispatched"
    assert f"自 {waits.over} 起逾期" in standing.page(f"missing-{waits.cycle}")


def test_a_dead_mail_server_makes_it_wait_but_never_green(standing: TestHouse) -> None:
    port = held_port()
    with receivers.webhook() as hook:
        smtp = {"HOST": "127.0.0.1", "PORT": str(port), "SECURITY": "none", "SENDER": "centre@example.org"}
        standing.settings = {f"FILING_SMTP_{name}": value for name, value in smtp.items()} | {
            "FILING_EVALUATION_CHANNEL": "smtp",
            "FILING_EVALUATION_OFFICE": "office@example.org",
            "FILING_ALERT_MAIL": "duty@example.org",
            "FILING_ALERT_WEBHOOK": hook.address,
        }
        standing.end("worker-1")
        standing.start_worker()
        waits = Waiting(standing, "2026-09", 5)
        standing.wait_state(waits.run, "Suspended")
        undelivered = waits.status()["undone"].split(", ")
        assert len(undelivered) > 1
        assert all(number in standing.page("overview-2026-09") for number in undelivered)

        waits.say_day(waits.over)
        assert standing.wait_state(waits.run, UNDONE)["state_type"] == "FAILED"
        assert undelivered[0] in standing.run(waits.run)["state"]["message"]

        # a run that cannot even begin
        mistaken = waits.start(only=["failed:never-was"])
        standing.wait_state(mistaken, "Failed")
        with receivers.mail_server(port) as box:
            again = waits.start(as_of=waits.over.isoformat())
            standing.wait_state(again, "Completed")
            standing.wait_state(standing.run_deployment("watch/watch"), "Completed", "Cancelled")
            subjects = Counter(str(mail["Message-ID"]) for _, mail in box.mails if "送评" in str(mail["Subject"]))
            assert len(subjects) == len(undelivered)
            assert set(subjects.values()) == {1}, "each package once"
            standing.wait_for("the alerts by mail", lambda: any("批次办理" in str(m["Subject"]) for _, m in box.mails))
        kinds = {occasion.partition(":")[0] for occasion in hook.occasions}
        assert {"crashed", "cycle", "panel"} <= kinds
        assert max(Counter(hook.occasions).values()) == 1, "once a kind and day"
