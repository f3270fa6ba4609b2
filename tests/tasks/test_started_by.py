"""Who signed in and started a run is named beside what the product did in it, in the chained history."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from tasks.runs import orchestration, run
from tasks.store import history
from tasks.store.database import reading
from tests import evaluations as made
from tests.registers import COOK, ONE


def test_the_label_of_a_deployment_s_run_says_who(monkeypatch: pytest.MonkeyPatch) -> None:
    assert run.started_by() == ""
    context = SimpleNamespace(flow_run=SimpleNamespace(labels={orchestration.SIGNED_BY: "李办"}))
    monkeypatch.setattr("prefect.context.FlowRunContext.get", lambda: context)
    monkeypatch.setattr(run, "is_deployed", lambda: True)
    assert run.started_by() == "李办"
    context.flow_run.labels.clear()
    assert run.started_by() == "", "a schedule's run"


def test_the_moves_of_a_run_name_who_started_it(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made.accepted("A1", [(ONE, COOK, "4")])
    with monkeypatch.context() as patch:
        patch.setattr(run, "started_by", lambda: "李办")
        made.send_out(home)
    with reading() as db:
        moves = history.of(db, ["A1"])
        sent = moves[moves["became"] == "dispatched"]
        assert sent[["by", "started_by"]].values.tolist() == [["filing", "李办"]]
        entries = history.of(db, [made.CYCLE])
        assert entries[["kind", "became", "by"]].values.tolist() == [["run", "started", "李办"]]
        assert (list(history.broken_links(db)), history.uncounted(db)) == ([], [])
