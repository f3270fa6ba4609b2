"""Data Docs are Chinese, offline, the same for the same results, and free of what was submitted."""

import re
from html.parser import HTMLParser

import pytest

from expectations.check import data_docs
from expectations.rulebook import rules, tables_of
from schemas.policy import shipped
from schemas.submission import FORM_TABLES

(POLICY,) = shipped()


@pytest.fixture(scope="module")
def spoiled(sound_case):
    case = sound_case
    form = case.tables["applications"][0]
    form.update(institution_name="<b>黄石</b>", contact_phone="1380000", region_code="<script>alert(1)</script>")
    for rows in case.tables.values():
        for row in rows:
            row["application_no"] = "<img src=x>"
    case.tables["staff"][0].update(id_number="420202199003071236", name="欧阳示例")
    return case.check().validation


def _pages(folder):
    return {path.name: path.read_text("utf-8") for path in folder.iterdir()}


def test_pages_are_chinese_and_name_every_rule(spoiled, tmp_path):
    index = data_docs(spoiled, tmp_path / "docs", POLICY)
    pages = _pages(index.parent)
    assert set(pages) == {"index.html", *(f"{table.name}.html" for table in FORM_TABLES)}
    assert all('lang="zh-CN"' in page and "<title>数据校验" in page for page in pages.values())
    for rule in rules().values():
        for table in tables_of(rule):
            if table != "results":
                assert f"<td>{rule.code}</td>" in pages[f"{table}.html"]
                assert rule.message_zh in pages[f"{table}.html"]
    assert "FORM-7" in pages["applications.html"]


def test_pages_ask_for_nothing_outside(spoiled, tmp_path):
    class Links(HTMLParser):
        addresses: list[str] = []  # noqa: RUF012

        def handle_starttag(self, tag, attrs):
            self.addresses += [value for name, value in attrs if name in ("src", "href") or "url(" in (value or "")]
            assert tag not in ("script", "img", "link", "iframe")

    for page in _pages(data_docs(spoiled, tmp_path, POLICY).parent).values():
        parser = Links()
        parser.feed(page)
        assert "http" not in page and "//" not in page.replace("<!DOCTYPE", "")
    assert set(Links.addresses) == {"index.html", *(f"{table.name}.html" for table in FORM_TABLES)}


def test_no_submitted_value_stands_in_them(spoiled, tmp_path):
    text = "".join(_pages(data_docs(spoiled, tmp_path, POLICY).parent).values())
    for value in ("1380000", "alert(1)", "<b>", "420202199003071236", "欧阳示例", "李明", "13907141234"):
        assert value not in text
    assert not re.search(r"\d{15}", text)
    # an application's number is named, as text and not as markup
    assert "&lt;IMGSRC=X&gt; 第1行 联系电话" in text
    assert "<img" not in text


def test_the_same_results_give_the_same_bytes(spoiled, tmp_path):
    first, again = data_docs(spoiled, tmp_path / "a", POLICY), data_docs(spoiled, tmp_path / "b", POLICY)
    assert _pages(first.parent) == _pages(again.parent)
    assert _pages(data_docs(spoiled, tmp_path / "a", POLICY).parent) == _pages(again.parent)


def test_long_lists_are_cut_and_counted(sound, tmp_path):
    case = sound()
    person = case.tables["staff"][0]
    case.tables["staff"] += [{**person, "id_type": "other", "id_number": "E1", "role": "顾问"} for _ in range(30)]
    page = _pages(data_docs(case.check().validation, tmp_path, POLICY).parent)["staff.html"]
    assert "……另有10处" in page


def test_results_have_a_page_too(checked_results, tmp_path):
    validation = checked_results({"results": [{"score": "850"}]}).validation
    pages = _pages(data_docs(validation, tmp_path, POLICY).parent)
    assert "第1行 评分" in pages["results.html"]
