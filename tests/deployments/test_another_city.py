"""Another city is files: an invented one, given by a policy and an office alone, runs the demo whole."""

import csv
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from deployments import catalogue
from schemas import office
from schemas.policy import all_policies
from schemas.settings import Settings, using
from tests.commands import Filing
from tests.policies import CITIES, SECOND_CITY, write_policy

#: Words and codes of the city whose policy is shipped.
_HUANGSHI = re.compile(
    "黄石|社会培训评价组织|技工院校|黄职鉴|黄人社|(?<![0-9A-Za-z])4202\\d\\d|HS-|[一二三四]（[一二三四六]）"
)


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """An empty home with the city's office, and the folder of its policy, in force before any that is shipped."""
    home = tmp_path_factory.mktemp("qinghe")
    (home / "office.toml").write_text((CITIES / "office.toml").read_text("utf-8"), "utf-8")
    policies = write_policy(tmp_path_factory.mktemp("policies"), "2020-01-01", SECOND_CITY)
    return Settings(home=home, database_url="", policies=policies, result_tokens="required")


@pytest.fixture
def played(
    city: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], without_pages: None
) -> Iterator[str]:
    """What `filing demo` prints of the city."""
    filing = Filing(city.root, monkeypatch, capsys)
    with using(city):
        assert [policy.name for policy in all_policies()] == ["qinghe"]
        ended = filing("demo", "--institutions", "24", stated=city)
        assert (ended.code, ended.err) == (0, "")
        yield ended.out


def test_doctor_names_an_office_of_another_city(
    city: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stated = city.model_copy(
        update={"home": tmp_path, "policies": write_policy(tmp_path / "own", "2025-01-01", SECOND_CITY)}
    )
    (tmp_path / "office.toml").write_text(office.shipped(), "utf-8")
    filing = Filing(tmp_path, monkeypatch, capsys)
    assert (
        "PROBLEM office: office.toml has the shipped name or authority, and the policy in force is that of 清河市"
        in (filing("doctor", stated=stated).out)
    )
    (tmp_path / "office.toml").write_text((CITIES / "office.toml").read_text("utf-8"), "utf-8")
    output = filing("doctor", stated=stated).out
    assert "PROBLEM office" not in output
    assert "no series of numbers in office.toml: 公告, 公示 leave their number open" in output
    assert "articles of the shipped notice" not in output


def test_doctor_names_the_articles_a_citys_letters_would_cite(
    city: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    without = SECOND_CITY[: SECOND_CITY.index("[articles]")]
    stated = city.model_copy(
        update={"home": tmp_path, "policies": write_policy(tmp_path / "own", "2025-01-01", without)}
    )
    sentence = "letters cite 清人社发〔2025〕7号 by articles of the shipped notice: say in [articles] where it has 一, 一（一）"
    assert sentence in " ".join(Filing(tmp_path, monkeypatch, capsys)("doctor", stated=stated).out.split())


def test_the_demo_runs_whole_under_the_citys_files(played: str, city: Settings) -> None:
    assert re.search("2026-09-20 .*2026-10-20 .*2026-10-28 公示期满", played, re.DOTALL), "its own calendar"
    assert "已备案" in played
    assert "退回补正" in played
    rows = list(csv.DictReader((city.published / "latest" / "directory.csv").read_text("utf-8-sig").splitlines()))
    assert {row["region_code"] for row in rows} == {"339001", "339002", "QH-GX"}
    assert {row["institution_type"] for row in rows} == {"company", "college", "association", "hospital"}
    levels = {level for row in rows for level in row["levels"].split(",")}
    assert {"X", "5", "4", "3"} <= levels <= {"X", "5", "4", "3", "T"}
    assert any(row["levels"].startswith("X,") for row in rows), "the lowest level first"
    assert list((city.published / "notices").iterdir()), "what is filed was shown first"
    assert not [path for path in city.root.rglob("*.reason.txt") if "送评凭证" in path.read_text("utf-8")]
    assert "CAP" not in played, "the city has no cap"
    assert "清河市职业能力建设中心" in _text_of(city.outbox)
    cited = set(re.findall("第[一二三四五六七八九十]+条", _text_of(city.outbox)))
    assert {"第三条", "第十条", "第十一条", "第十二条"} <= cited, "articles of the city's own notice"
    assert {"第六条", "第十条"} <= set(re.findall("第[一二三四五六七八九十]+条", _text_of(city.root / "data-docs")))
    for part in (city.published, city.outbox, city.inbox, city.root / "data-docs"):
        assert _HUANGSHI.findall(_text_of(part)) == []


def test_the_pages_of_prefect_cite_the_citys_notice(city: Settings) -> None:
    with using(city):
        (policy,) = all_policies()
        texts = {entry.name: str(catalogue.build(entry, policy).description) for entry in catalogue.ENTRIES}
    assert "（清人社发〔2025〕7号）。" in texts["cycle"]
    assert "（清人社发〔2025〕7号第十条）。" in texts["intake"]
    assert "（清人社发〔2025〕7号第二十条）。" in texts["inspection"]
    assert {name: _HUANGSHI.findall(text) for name, text in texts.items() if _HUANGSHI.search(text)} == {}


def _text_of(folder: Path) -> str:
    """Every text that was put out below a folder, of Word documents and workbooks too."""
    return "\n".join(_texts(folder))


def _texts(folder: Path) -> Iterator[str]:
    for path in sorted(folder.rglob("*")):
        if path.suffix in (".docx", ".xlsx"):
            yield from _packed(path)
        elif path.suffix in (".csv", ".json", ".html", ".txt", ".xml", ".js"):
            yield path.read_text("utf-8-sig")


def _packed(path: Path) -> Iterator[str]:
    if not zipfile.is_zipfile(path):
        return  # the one that the demo breaks on purpose
    with zipfile.ZipFile(path) as package:
        for name in package.namelist():
            if name.endswith(".xml"):
                yield re.sub("<[^>]+>", "", package.read(name).decode())
