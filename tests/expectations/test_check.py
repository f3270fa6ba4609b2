"""What a check promises whatever the rules say: order, masking, repetition, independence, one check at a time."""

import dataclasses
import gc
import re
import weakref
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from expectations import checkpoints, submissions, verdict
from expectations.check import check
from expectations.checkpoints import ForeignBatchError, TableJudgement
from expectations.rulebook import rules, rules_of
from expectations.submissions import Submissions
from schemas import finding
from schemas.finding import FINDING_COLUMNS, FINDING_ORDER
from schemas.law.cycle import cycle_id
from schemas.policy import for_cycle
from schemas.submission import FORM_TABLES, TABLES


@pytest.fixture(scope="module")
def mixed(all_examples):
    """All examples of one cycle as one batch, each under a number of its own, in one scene."""
    chosen = [example.case() for example in all_examples if not example.of_results]
    whole, *others = [case for case in chosen if case.cycle == "2026-09" and case.activities is not None]
    for number, case in enumerate([whole, *others]):
        for rows in case.tables.values():
            for row in rows:
                row["application_no"] = f"M{number:04d}"
    for case in others:
        for table, rows in case.tables.items():
            whole.tables[table] += rows
        whole.on_file += case.on_file
        whole.activities += case.activities
    return whole


@pytest.fixture(scope="module")
def together(mixed):
    """What checking the whole batch gives."""
    return mixed.check()


def _rows(frame):
    return [tuple(row) for row in frame.itertuples(index=False, name=None)]


def test_findings_are_complete_sorted_and_told_in_chinese(together):
    findings = together.findings
    assert list(findings.columns) == FINDING_COLUMNS
    keys = [tuple(row) for row in findings[FINDING_ORDER].itertuples(index=False, name=None)]
    assert keys == sorted(set(keys))
    assert findings.notna().all().all()
    for row in findings.drop_duplicates("rule").itertuples():
        rule = rules()[row.rule]
        assert (row.nature, row.article) == (rule.nature, rule.article)
        assert re.fullmatch(rf"{re.escape(rule.message_zh)}：.*[一-龥].*", row.message)
        assert "null" not in row.message and "None" not in row.message


def test_frames_hold_text_and_whole_row_numbers(together):
    for frame in (together.findings, together.items, together.holds):
        kinds = {name: str(kind) for name, kind in frame.dtypes.items()}
        assert kinds == {name: "int64" if name == "row" else "str" for name in frame.columns}


def test_checking_twice_is_checking_once(mixed, together):
    again = mixed.check()
    for name in ("findings", "items", "holds"):
        pd.testing.assert_frame_equal(getattr(together, name), getattr(again, name))


def test_the_submissions_are_left_as_they_were(mixed):
    frames = mixed.frames()
    before = {name: table.copy() for name, table in frames.items()}
    check(frames, mixed.scene())
    for name, table in frames.items():
        pd.testing.assert_frame_equal(table, before[name])


def _with_peers(mixed, together):
    """The scene with every application among the peers, as the database knows them once they are screened."""
    taken = Submissions(mixed.frames(), mixed.scene())
    forms = taken.table("applications").select(
        "application_no",
        pl.col("uscc"),
        pl.col("kind!").cast(pl.String).alias("kind"),
        pl.col("submitted_at!").dt.epoch("us").cast(pl.String).alias("submitted_utc"),
    )
    withdrawn = taken.once(submissions.withdrawn)
    standing = forms.join(withdrawn, on="application_no", how="anti").to_pandas()
    items = together.items.merge(standing[["application_no", "uscc"]], on="application_no").assign(status="accepted")
    return dataclasses.replace(mixed.scene(), peers=standing, peer_items=items)


@pytest.mark.slow
@settings(deadline=None, max_examples=8)
@given(data=st.data())
def test_a_batch_is_the_union_of_its_applications(mixed, together, data):
    numbers = sorted({row["application_no"] for row in mixed.tables["applications"]})
    some = data.draw(st.sets(st.sampled_from(numbers), min_size=1, max_size=12))
    frames, scene = mixed.frames(), _with_peers(mixed, together)
    apart = check({name: table[table["application_no"].isin(some)] for name, table in frames.items()}, scene)
    for name in ("findings", "items", "holds"):
        whole, part = getattr(together, name), getattr(apart, name)
        assert _rows(whole[whole["application_no"].isin(some)]) == _rows(part)


def test_the_order_of_rows_of_different_applications_does_not_matter(mixed, together):
    shuffled = {name: table.sample(frac=1, random_state=3) for name, table in mixed.frames().items()}
    assert _rows(check(shuffled, mixed.scene()).findings) == _rows(together.findings)


def test_identity_numbers_are_masked_wherever_they_stand(sound):
    case, number = sound(), "420202198001010015"
    form = case.tables["applications"][0]
    form.update(contact_phone=number, region_code=f"编号{number}", institution_type=number)
    case.tables["staff"][0].update(id_number=number[:17] + "6", role=number)
    case.tables["materials"][0]["file_name"] = f"李明{number}.exe"
    findings = case.check().findings
    text = " ".join([*findings["value"], *findings["message"]])
    assert "420202**********15" in text
    assert not re.search(r"\d{17}", text)


@pytest.mark.parametrize(
    "spelt",
    [
        "420202 19800101 0015",
        "420202-1980-0101-001x",
        "4202 0219 8001 0100 15",
        "420202800101001",
        "42020219800101001Ｘ",
    ],
)
def test_identity_numbers_are_masked_however_they_are_divided(sound, spelt):
    case = sound()
    case.tables["applications"][0].update(contact_phone=f"张三{spelt}")
    case.tables["staff"][0].update(role=spelt)
    case.tables["occupations"][0].update(occupation_code=spelt)
    findings = case.check().findings
    assert len(findings) > 2
    assert spelt not in " ".join([*findings["value"], *findings["field"], *findings["message"]])


@settings(deadline=None)
@given(st.text(max_size=24))
def test_masking_a_column_is_masking_its_cells(cell):
    frame = pl.DataFrame({"cell": [cell, None]}, schema={"cell": pl.String()})
    assert frame.select(verdict.masked(pl.col("cell"))).to_series().to_list() == [finding.masked(cell), None]


def test_a_credit_code_of_digits_is_not_taken_for_a_person(sound, credit_code):
    case = sound()
    case.tables["applications"][0]["uscc"] = "911101077776591113"
    values = case.check().findings.query("field == 'uscc'")["value"]
    assert set(values) == {"911101077776591113"}


def test_rows_of_no_application_are_left_alone(sound):
    case = sound()
    case.tables["staff"].append({**case.tables["staff"][0], "application_no": "Z9", "id_number": "1"})
    case.tables["occupations"].append({**case.tables["occupations"][0], "application_no": "Z9", "levels": "6"})
    checked = case.check()
    assert checked.findings.empty
    assert set(checked.items["application_no"]) == {"A1"}


@pytest.mark.parametrize(
    "missing", [(), ("staff",), ("programmes", "materials"), tuple(table.name for table in FORM_TABLES)]
)
def test_tables_may_be_empty_or_not_there(sound, missing):
    case = sound()
    frames = case.frames()
    empty = check({name: table.iloc[:0] if name in missing else table for name, table in frames.items()}, case.scene())
    absent = check({name: table for name, table in frames.items() if name not in missing}, case.scene())
    assert _rows(empty.findings) == _rows(absent.findings)
    assert list(empty.items.dtypes) == list(absent.items.dtypes)


def test_an_application_of_blank_cells_is_told_what_is_missing(sound):
    case = sound()
    for rows in case.tables.values():
        for row in rows:
            row.update({name: "" for name in row if name not in ("application_no", "row")})
    findings = case.check().findings
    missing = set(findings.query("rule == 'FORM-1'")["field"])
    assert missing == {c.name for c in TABLES["applications"].columns if not c.optional and c.name != "application_no"}
    assert "HY000" not in " ".join(findings["message"])


@pytest.mark.parametrize(
    "cell",
    ["<script>alert(1)</script>", "OR 1=1' --", "李明", "😀" * 40, "机" * 300, "a b", "{0}{}", "$x"],
)
def test_hostile_cells_are_values_like_any_other(sound, cell):
    case = sound()
    for rows in case.tables.values():
        rows[0:1] = [
            {name: value if name == "application_no" else cell for name, value in row.items()} for row in rows[0:1]
        ]
    findings = case.check().findings
    assert cell in set(findings["value"])


@pytest.mark.slow
def test_eight_threads_each_get_their_own_findings(sound):
    def spoiled(number):
        case = sound(number=f"T{number}")
        case.tables["applications"][0]["region_code"] = f"9900{number:02d}"
        return case.frames(), case.scene()

    cases = [spoiled(number) for number in range(16)]
    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(lambda case: check(*case), cases))
    rows = [_rows(outcome.findings[["application_no", "rule", "value"]]) for outcome in outcomes]
    assert rows == [[(f"T{number}", "FORM-3", f"9900{number:02d}")] for number in range(16)]


def test_no_expression_calls_back_into_python():
    """A thread that holds the interpreter while it waits for polars would wait for such a call for ever."""
    sources = {path.name: path.read_text("utf-8") for path in Path(checkpoints.__file__).parent.glob("*.py")}
    assert [name for name, text in sources.items() if re.search(r"\.map_(batches|elements|groups)\(", text)] == []


def test_another_batch_than_the_one_under_judgement_is_refused(sound):
    case = sound()
    frames = case.frames()
    judgement = TableJudgement("staff", frames["staff"], Submissions(frames, case.scene()))
    with pytest.raises(ForeignBatchError, match="one check at a time"):
        judgement.reach(frames["staff"].copy())


def test_a_fault_in_a_rule_is_raised_and_not_taken_for_a_verdict(sound, monkeypatch):
    def broken(submissions, table):
        raise ZeroDivisionError("in a rule")

    monkeypatch.setattr("expectations.checkpoints.judge", broken)
    with pytest.raises(ZeroDivisionError, match="in a rule"):
        sound().check()


def test_validation_results_are_those_of_great_expectations(sound):
    case = sound()
    case.tables["applications"][0]["region_code"] = "420106"
    validation = case.check().validation
    assert set(validation) == {table.name for table in FORM_TABLES}
    unmet = {
        r.expectation_config.kwargs["demand"] for result in validation.values() for r in result.results if not r.success
    }
    assert unmet == {"FORM-3"}
    judged = {r.expectation_config.kwargs["demand"] for result in validation.values() for r in result.results}
    assert judged == {code for code, rule in rules().items() if rule.table != "results"}


def test_a_number_twice_does_not_double_the_rows_of_other_tables(sound):
    case = sound()
    case.tables["applications"].append(dict(case.tables["applications"][0]))
    case.tables["occupations"][0]["levels"] = "6"
    findings = case.check().findings
    assert _rows(findings[["table", "row", "field", "value"]]) == [("occupations", 1, "levels", "6")]


def test_the_context_keeps_no_folder_and_tells_nobody():
    config = checkpoints._context().project_config_with_variables_substituted
    assert (config.data_docs_sites, config.analytics_enabled) == ({}, False)
    assert (
        not config.progress_bars["globally"]
        if isinstance(config.progress_bars, dict)
        else not config.progress_bars.globally
    )


def test_checks_leave_nothing_behind(sound):
    case = sound()
    frames = case.frames()
    kept = [weakref.ref(table) for table in frames.values()]
    checked = check(frames, case.scene())
    del frames
    gc.collect()
    assert checkpoints._context().validation_results_store.list_keys() == []
    assert all(frame() is None for frame in kept)
    assert not checked.findings.columns.empty


def test_a_sentence_says_the_numbers_and_types_of_its_policy():
    policy = for_cycle(cycle_id("2026-09"))
    assert rules_of(policy)["CAP-1"] == rules()["CAP-1"], "the book says those of Huangshi"
    assert rules_of(policy)["CAP-2"] == rules()["CAP-2"]
    other = policy.model_copy(
        update={"cap": policy.cap.model_copy(update={"capped": ["enterprise"], "occupations": 3, "saturation": 4})}
    )
    book = rules_of(other)
    assert book["CAP-1"].message_zh == "企业开展认定的职业原则上不超过3个"
    assert book["CAP-2"].message_zh == "该职业已有4家以上机构备案，原则上不再新增"
    assert book["FORM-1"] == rules()["FORM-1"]
