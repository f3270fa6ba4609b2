"""Inspectors in, one draw a cycle, a public file anyone verifies, outcomes in and published."""

from collections.abc import Callable
from datetime import date
from hashlib import sha256
from pathlib import Path

import pandas as pd
import pytest

from deployments.commands.drawing import draw as draw_command
from schemas.inspection import Draw, differences, draw
from schemas.settings import settings
from tasks import publication
from tasks.desk.importing import import_file
from tasks.inspection import DrawnAlreadyError, draw_once, make_draw, publish_inspection, unlike_edition
from tasks.store import institutions
from tasks.store.database import reading
from tests.registers import BAKER, COOK, ONE, THREE, TWO, run_on, take_over

DAY = date(2026, 11, 2)


def inspectors(folder: Path) -> Path:
    rows = [("J1", "张一", "市人社局", "是"), ("J2", "李二", "市教育局", "true"), ("J3", "王三", "市民政局", "是")]
    frame = pd.DataFrame(
        [*rows, ("J4", "赵四", "市教育局", "否")], columns=["检查人员编号", "姓名", "所在单位", "在岗"]
    )
    frame.to_csv(folder / "名录.csv", index=False, encoding="gb18030")
    return folder / "名录.csv"


@pytest.fixture
def drawn(home: Path, tmp_path: Path) -> Draw:
    take_over(
        [(ONE, COOK, "4"), (ONE, BAKER, "4"), (TWO, COOK, "4"), (THREE, COOK, "4")],
        date(2025, 5, 25),
        date(2028, 5, 24),
    )
    import_file("inspectors", inspectors(tmp_path), DAY)
    with run_on(DAY) as run:
        assert "no directory is published yet" in make_draw(run, "公开的种子").failed["2026-09"]
        edition = publication.draft(run).edition
        assert edition is not None and not publication.publish(run, edition).failed
        assert make_draw(run, "公开的种子").done == {"institutions_listed": 3, "drawn": 1}
        publish_inspection(run)
    return Draw.model_validate_json(file().read_bytes())


def file() -> Path:
    return settings().published / "inspections" / "2026-09" / "draw.json"


def test_the_file_holds_all_that_anyone_needs(drawn: Draw) -> None:
    assert differences(drawn) == []
    assert [institution.uscc for institution in drawn.institutions] == sorted([ONE, TWO, THREE])
    assert [inspector.inspector_no for inspector in drawn.inspectors] == ["J1", "J2", "J3"], (
        "who is not active is not drawn"
    )
    with reading() as db:
        life = institutions.life(db, drawn.visits[0].uscc)
    entries = life[life["kind"] == "inspection"]
    assert entries["became"].tolist() == ["drawn"] and "公开的种子" in entries["because"].tolist()[0]


@pytest.mark.usefixtures("drawn")
def test_a_draw_is_made_once() -> None:
    before = file().read_bytes()
    take_over([("91420200MA4TEST012", COOK, "4")], date(2025, 5, 25), date(2028, 5, 24))
    with run_on(DAY) as run:
        assert make_draw(run, "公开的种子").done == {}
        publish_inspection(run)
        assert file().read_bytes() == before
        with pytest.raises(DrawnAlreadyError, match="drawn on 2026-11-02 with the seed"):
            draw_once(run, "更好的种子")
        assert "drawn on 2026-11-02" in make_draw(run, "更好的种子").failed["2026-09"]


@pytest.mark.usefixtures("drawn")
def test_verifying_on_the_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    verify: Callable[[], int] = lambda: draw_command(verify=file())  # noqa: E731
    assert verify() == 0
    assert "genuine: 1 of 3 institutions of edition 2026-09.1" in capsys.readouterr().out
    text = file().read_text("utf-8")
    file().write_text(text.replace("公开的种子", "换过的种子"), "utf-8")
    assert verify() == 1
    assert "drawn" in capsys.readouterr().err or "visit" in capsys.readouterr().err
    file().write_text("{}", "utf-8")
    assert verify() == 1
    assert "not the file of a draw: cycle" in capsys.readouterr().err


def test_the_list_is_that_of_a_published_edition(drawn: Draw) -> None:
    """Who leaves an institution out, or draws from another directory, is told: anyone can compare the two."""
    assert drawn.source is not None and drawn.source.edition == "2026-09.1"
    published = settings().published
    folder = published / "2026-09.1"
    assert drawn.source.manifest_sha256 == sha256((folder / "manifest.json").read_bytes()).hexdigest()
    assert unlike_edition(drawn, published) == []
    shorter = draw(
        drawn.cycle,
        drawn.seed,
        drawn.drawn_on,
        share=drawn.share,
        inspectors_per_visit=2,
        institutions=drawn.institutions[1:],
        inspectors=drawn.inspectors,
        source=drawn.source,
    )
    assert differences(shorter) == []
    assert "is not that of edition 2026-09.1" in unlike_edition(shorter, published)[0]
    (folder / "directory.json").write_bytes(b"{}")
    assert "directory.json of edition 2026-09.1 was changed" in unlike_edition(drawn, published)[0]
    (folder / "manifest.json").write_bytes(b"{}")
    assert "another SHA-256" in unlike_edition(drawn, published)[0]
    folder.rename(folder.with_name("elsewhere"))
    assert "put it there to compare" in unlike_edition(drawn, published)[0]
    assert unlike_edition(drawn.model_copy(update={"source": None}), published) == [], (
        "draws of earlier releases name no edition"
    )


def test_outcomes_are_taken_in_and_published(drawn: Draw, tmp_path: Path) -> None:
    visited = drawn.visits[0].uscc
    other = next(institution.uscc for institution in drawn.institutions if institution.uscc != visited)
    listed = settings().published / "inspections" / "2026-09" / "outcomes.csv"
    assert "待检查" in listed.read_text("utf-8-sig")
    assert "inspections/2026-09/outcomes.csv" in (settings().published / "index.html").read_text("utf-8")
    rows = [
        ("2026-09", visited, "2026年11月20日", "发现问题已责令改正", "视频监控缺失"),
        ("2026-09", other, "2026-11-20", "无法联系", None),
    ]
    pd.DataFrame(rows, columns=["申报批次", "统一社会信用代码", "检查日期", "检查结果", "备注"]).to_excel(
        tmp_path / "结果.xlsx", index=False
    )
    imported = import_file("inspection-outcomes", tmp_path / "结果.xlsx", date(2026, 12, 1))
    assert (imported.rows, imported.new, len(imported.complaints)) == (2, 1, 1)
    assert other in imported.complaints[0]
    assert import_file("inspection-outcomes", tmp_path / "结果.xlsx", date(2026, 12, 2)).new == 0
    table = pd.read_csv(listed, dtype="str")
    assert table.iloc[0].tolist()[2:] == [
        "、".join(inspector.name for inspector in drawn.visits[0].inspectors), "2026-11-20", "发现问题已责令改正", "视频监控缺失",
    ]  # fmt: skip
    with reading() as db:
        life = institutions.life(db, visited)
    assert life[life["kind"] == "inspection"]["became"].tolist() == ["drawn", "corrected"]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", "姓名,所在单位\n张一,市人社局\n", "缺少“检查人员编号、在岗”列"),
        ("a.csv", "", "是空的"),
        ("a.xlsx", "不是工作簿", "不是完整的工作簿"),
        ("a.txt", "x", "不是.csv或.xlsx文件"),
    ],
)
def test_what_is_no_list_is_told_in_one_sentence(
    home: Path, tmp_path: Path, name: str, content: str, message: str
) -> None:
    (tmp_path / name).write_text(content, "utf-8")
    imported = import_file("inspectors", tmp_path / name, DAY)
    assert (imported.rows, imported.new, len(imported.complaints)) == (0, 0, 1)
    assert message in imported.complaints[0]


def test_unreadable_rows_are_left_out_and_told(home: Path, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(
        "inspector_no,name,unit,active\nJ2,李二,市教育局,是\n\nJ1,张一,市人社局,也许\n", "utf-8"
    )
    imported = import_file("inspectors", tmp_path / "a.csv", DAY)
    assert (imported.new, len(imported.complaints)) == (1, 1)
    # as whoever opens the list counts: the header and a blank row too
    assert "第4行" in imported.complaints[0] and "在岗" in imported.complaints[0]
