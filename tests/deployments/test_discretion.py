"""Nobody's identity number is published, printed or kept in a run's file."""

import sys
from datetime import date

import pandas as pd
import pytest

from deployments.cli import discreet_console
from expectations.side_tables import readable
from schemas.finding import hidden
from schemas.policy import in_force
from schemas.settings import Settings
from schemas.submission import REGISTER, WRITTEN
from tasks.runs import run as runs
from tests.registers import run_on

NUMBER = "420222199003074512"
ROW = {
    "uscc": "52420202MJ49000052",
    "institution_name": "黄石示例机构",
    "institution_type": "social_organisation",
    "region_code": "420202",
    "registered_address": "黄石港区",
    "occupation_code": "6-18-01-01",
    "occupation_name": "车工",
    "work_type": "",
    "filed_on": "2026-04-10",
    "valid_until": "2029-04-09",
    "institution_code": "",
}


@pytest.mark.parametrize("field", ["institution_name", "registered_address", "occupation_name", "work_type"])
def test_a_register_row_with_a_number_is_refused_and_the_number_is_not_repeated(field: str) -> None:
    rows = [ROW, {**ROW, field: f"示例 {NUMBER}"}]
    written = '{"levels": "5", "audience": "public"}'
    frame = pd.DataFrame(rows, dtype="str").assign(**{WRITTEN: written}, row=[1, 2])
    frame = frame.reindex(columns=[*REGISTER.names, WRITTEN, "row"]).assign(levels="5", level="5", audience="public")
    good, left_out = readable(frame.fillna(""), REGISTER, in_force(date(2026, 9, 1)))
    assert [row.row for row in left_out if "FORM-11" in row.sentence] == [2]
    assert NUMBER not in "".join(row.sentence for row in left_out)
    assert 2 not in set(good["row"])


def test_what_a_command_prints_holds_no_identity_number(capsys: pytest.CaptureFixture[str]) -> None:
    with discreet_console():
        print(f"机构 示例{NUMBER}，4202 2219 9003 0745 12")
        print(f"filing: {NUMBER}", file=sys.stderr)
    output = capsys.readouterr()
    assert output.out.startswith("机构 示例420222**********12，4202 2***")
    assert "9003" not in output.out
    assert output.err == "filing: 420222**********12\n"


def test_codes_and_digests_are_printed_as_they_are() -> None:
    for code in ("91420200MA40000124", "a420222199003074512f", "6-18-01-01", "12420202MB4900006T", "2026-09.1"):
        assert hidden(code) == code


def test_the_file_of_a_run_holds_no_identity_number(home: object) -> None:
    from schemas.run import RunSummary
    from schemas.settings import settings

    with run_on(date(2026, 9, 11)) as run:
        summary = RunSummary(
            run_id=run.run_id, cycle=run.cycle, as_of=run.day, outcome="done", waits_for_approval=f"2026-09.1：{NUMBER}"
        )
        runs.end(run, summary)
    stated: Settings = settings()
    assert NUMBER not in (stated.root / "runs" / f"{summary.run_id}.json").read_text("utf-8")
