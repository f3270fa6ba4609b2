"""Panels as a cycle draws them: recorded, repeatable, free of rivals' people, kept however often a run is repeated."""

import json
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from sqlalchemy import select, update

from schemas import tables
from schemas.evaluation import EvaluationPackage, PanelDraw
from schemas.panel import repeat
from schemas.settings import Settings, settings, using
from schemas.submission import EXPERTS
from tasks.store import database, outbox, panels
from tasks.store.database import reading
from tests import factories


@pytest.fixture(scope="module")
def story() -> factories.Story:
    return factories.make_story(institutions=14)


def _run(story: factories.Story, home: Path, act: int) -> date:
    from flows.filing_cycle import filing_cycle

    day = story.act(act, home / "inbox")
    filing_cycle.fn(story.cycle, day)
    return day


def _draws(story: factories.Story) -> dict[str, PanelDraw]:
    with reading() as db:
        return {number: panels.of_application(db, number)[-1] for number in panels.standing(db, story.cycle)}


def _packages(home: Path) -> dict[str, EvaluationPackage]:
    files = sorted((home / "outbox" / "evaluation").rglob("package.json"))
    packages = [EvaluationPackage.model_validate_json(path.read_bytes()) for path in files]
    return {package.application_no: package for package in packages}


def test_draws_are_recorded_beside_the_package_and_repeat(installation: Path, story: factories.Story) -> None:
    _run(story, installation, 1)
    draws, packages = _draws(story), _packages(installation)
    assert set(draws) == set(packages) != set()
    for number, package in packages.items():
        assert package.draw == draws[number]
        assert package.panel == draws[number].panel == repeat(draws[number])
        assert draws[number].seed == story.cycle
    assert any(len(draw.panel.members) == draw.size for draw in draws.values())


def test_nobody_judges_a_rival_of_the_employer_whenever_the_rival_came(home: Path, story: factories.Story) -> None:
    for act in (1, 2):
        _run(story, home, act)
        with reading() as db:
            asked = {applicant.application_no: applicant for applicant in panels.applicants(db, story.cycle)}
            employer = {expert.expert_no: expert.employer_uscc for expert in panels.pool(db)}
        for number, draw in _draws(story).items():
            rivals = {
                applicant.uscc
                for applicant in asked.values()
                if applicant.occupation_codes & asked[number].occupation_codes
            }
            assert asked[number].uscc in rivals
            assert not {employer[member.expert_no] for member in draw.panel.members} & rivals


def test_a_draw_stands_however_often_the_run_is_repeated(home: Path, story: factories.Story) -> None:
    from flows.filing_cycle import filing_cycle

    day = _run(story, home, 1)
    before = _draws(story)
    with using(Settings(home=home, panel_seed="另一个种子")):
        filing_cycle.fn(story.cycle, day)
    assert _draws(story) == before


def test_the_seed_is_the_cycle_and_the_text_of_the_installation(home: Path, story: factories.Story) -> None:
    with using(Settings(home=home, panel_seed="福彩3D 2026-247 518")):
        _run(story, home, 1)
    assert {draw.seed for draw in _draws(story).values()} == {"2026-09|福彩3D 2026-247 518"}


def test_a_member_who_becomes_a_rivals_is_replaced_and_the_package_goes_out_again(
    home: Path, story: factories.Story
) -> None:
    from flows.filing_cycle import filing_cycle

    day = _run(story, home, 1)
    draws = _draws(story)
    number, draw = next((number, draw) for number, draw in draws.items() if len(draw.candidates) > draw.size)
    changed = draw.panel.members[0].expert_no
    with database.begin() as db:
        moved = update(tables.expert).where(tables.expert.c.expert_no == changed)
        db.execute(moved.values(employer_uscc=_package(number, 1).institution.uscc))
    (home / "desk" / "experts.csv").unlink(missing_ok=True)
    summary = filing_cycle.fn(story.cycle, day)
    after = _draws(story)
    assert changed not in {member.expert_no for member in after[number].panel.members}
    assert summary.stages["evaluation"].done["redrawn"] >= 1
    again = _packages(home)[number]
    assert (again.revision, again.panel) == (2, after[number].panel)
    assert again.items == _package(number, 1).items
    with reading() as db:
        assert [len(panels.of_application(db, number)), panels.of_application(db, number)[0]] == [2, draw]
        sent = select(tables.dispatched_item.c.revision).where(tables.dispatched_item.c.application_no == number)
        assert set(db.execute(sent).scalars()) == {2}
    assert filing_cycle.fn(story.cycle, day).stages["evaluation"].total == 0


def _package(number: str, revision: int) -> EvaluationPackage:
    with reading() as db:
        return EvaluationPackage.model_validate(outbox.read(db, outbox.PACKAGES, f"{number}:r{revision}").content)


def test_without_a_pool_packages_go_out_without_names(home: Path, story: factories.Story) -> None:
    from flows.filing_cycle import filing_cycle

    day = story.act(1, home / "inbox")
    (home / "desk" / "experts.csv").unlink(missing_ok=True)
    filing_cycle.fn(story.cycle, day)
    packages = _packages(home)
    assert packages
    assert {(package.panel.members, package.draw) for package in packages.values()} == {((), None)}
    # a pool that comes later names nobody for what is out already
    (home / "desk" / "experts.csv").write_bytes(_csv(story))
    filing_cycle.fn(story.cycle, day)
    assert _packages(home) == packages


def _csv(story: factories.Story) -> bytes:
    return story.sample.tables["experts"].to_csv(index=False).encode()


def _expert(**changed: str) -> dict[str, str]:
    row = {"expert_no": "ZJ1", "name": "王", "employer_uscc": "", "occupation_prefixes": "6-18", "active": "true"}
    return {**row, "email": "", **changed}


def _take_in(*rows: dict[str, str]) -> tuple[int, list[str]]:
    frame = pd.DataFrame(list(rows), columns=EXPERTS.names, dtype="str")
    with database.begin() as db:
        changed, left_out = panels.take_in(db, frame.assign(row=range(len(rows)), line=range(2, len(rows) + 2)))
    return changed, [row.sentence for row in left_out]


def test_the_pool_is_kept_up_to_date(installation: Path) -> None:
    assert _take_in(_expert(), _expert(), _expert(expert_no="ZJ2", email="b@example.com")) == (2, [])
    assert _take_in(_expert()) == (0, [])
    assert _take_in(_expert(active="false")) == (1, [])
    count, complaints = _take_in(_expert(name="甲"), _expert(name="乙"))
    assert count == 0
    assert complaints == [
        f"专家库（experts）第{line}行未采用：专家编号“ZJ1”有不同的几行，请只保留一行" for line in (2, 3)
    ]
    with reading() as db:
        assert [(expert.expert_no, expert.active) for expert in panels.pool(db)] == [("ZJ1", False), ("ZJ2", True)]
        assert [panels.address(db, number) for number in ("ZJ1", "ZJ2", "ZJ3")] == ["", "b@example.com", ""]


def test_the_pool_is_imported_from_a_workbook_as_people_keep_it(home: Path, tmp_path: Path) -> None:
    from openpyxl import Workbook

    from tasks.desk.importing import import_file

    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "专家库"
    sheet.append(["专家编号", "姓名", "所在单位信用代码", "可评职业", "在库", "邮箱"])
    sheet.append([1001, "王建国", "９１420200MA40000124", "6-18、4-03-02", "是", "w@example.com"])
    sheet.append(["1002", "刘芳", None, date(2026, 6, 18), "否", None])
    sheet.append(["1003", None, None, "6-18", "是", None])
    book.save(tmp_path / "名单.xlsx")
    imported = import_file("experts", tmp_path / "名单.xlsx", date(2026, 9, 11))
    assert (imported.rows, imported.new) == (3, 2)
    (complaint,) = imported.complaints
    assert "第4行“姓名”" in complaint
    with reading() as db:
        first, second = panels.pool(db)
    assert (first.expert_no, first.employer_uscc) == ("1001", "91420200MA40000124")
    assert first.occupation_prefixes == ("6-18", "4-03-02")
    assert (second.active, second.occupation_prefixes) == (False, ("6-18",))


def test_packages_name_no_address(home: Path, story: factories.Story) -> None:
    _run(story, home, 1)
    text = json.dumps([package.model_dump(mode="json") for package in _packages(home).values()], ensure_ascii=False)
    assert "@example.com" not in text
    assert settings().evaluation_channel == "folder"
