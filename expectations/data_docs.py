"""Data Docs: validation results as Chinese pages that open offline; submitted values never stand in them."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from great_expectations.core.expectation_validation_result import (
    ExpectationSuiteValidationResult,
    ExpectationValidationResult,
)
from great_expectations.render.components import (
    RenderedDocumentContent,
    RenderedSectionContent,
    RenderedTableContent,
)
from great_expectations.render.renderer.renderer import Renderer
from great_expectations.render.view.view import DefaultJinjaView
from jinja2 import Environment, PackageLoader, Template

from expectations.rulebook import Rule, rules_of
from schemas.finding import NATURES_ZH
from schemas.policy import Policy
from schemas.submission import TABLES

Validation = Mapping[str, ExpectationSuiteValidationResult]

_RULE_COLUMNS = ["规则", "条款", "性质", "初审意见", "行数", "不符", "不符之处（申报编号、行、字段）", "结果"]
_TABLE_COLUMNS = ["数据表", "行数", "规则数", "不符的规则", "结果"]


class TableRenderer(Renderer):
    """A table's validation result as a document: one row a rule, in the order of the book."""

    def render(
        self, table: str, result: ExpectationSuiteValidationResult, book: Mapping[str, Rule]
    ) -> RenderedDocumentContent:
        rows = [_rule_row(outcome, book) for outcome in result.results]
        block = RenderedTableContent(table=rows, header_row=_RULE_COLUMNS)
        section = RenderedSectionContent([block], section_name=f"{TABLES[table].title}的规则")
        return RenderedDocumentContent([section], page_title=f"数据校验：{TABLES[table].title}")


class IndexRenderer(Renderer):
    """All tables of a check as a document: one row a table, linked to its page."""

    def render(self, validation: Validation) -> RenderedDocumentContent:
        rows = [_table_row(table, result) for table, result in validation.items()]
        links = {TABLES[table].title: f"{table}.html" for table in validation}
        block = RenderedTableContent(table=rows, header_row=_TABLE_COLUMNS, table_options={"links": links})
        section = RenderedSectionContent([block], section_name="各数据表最近一次的校验结果")
        return RenderedDocumentContent([section], page_title="数据校验")


@cache
def _templates() -> Environment:
    # one for all pages: reading and compiling a template costs more than filling it
    return Environment(
        loader=PackageLoader("expectations", "templates"), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )


class OfflinePageView(DefaultJinjaView):
    """A document as one page of HTML without any request; all text is escaped."""

    _template = "data_docs.html.j2"

    def _get_template(self, template_str: str) -> Template:
        return _templates().get_template(template_str)

    def _validate_document(self, document: RenderedDocumentContent) -> None:
        if not isinstance(document, RenderedDocumentContent):
            raise TypeError(f"a page is made of a document, not of {type(document).__name__}")


def data_docs(validation: Validation, folder: Path, policy: Policy) -> Path:
    """Write the Data Docs of a check into a folder, the same bytes for the same results; returns its `index.html`.

    `validation`: validation results by table, as `check.Checked` and `check.CheckedResults` carry them; `policy`: the one
    they were checked by, whose notice, numbers and types the rules are told with.
    """
    book = rules_of(policy)
    folder.mkdir(parents=True, exist_ok=True)
    for table, result in validation.items():
        _write(folder / f"{table}.html", TableRenderer().render(table, result, book))
    return _write(folder / "index.html", IndexRenderer().render(validation))


def _write(path: Path, document: RenderedDocumentContent) -> Path:
    page: str = OfflinePageView().render(document)  # type: ignore[no-untyped-call]
    path.write_text(page, "utf-8", newline="\n")
    return path


def _rule_row(result: ExpectationValidationResult, book: Mapping[str, Rule]) -> list[str]:
    measured: dict[str, Any] = result.result
    assert result.expectation_config is not None
    rule = book[result.expectation_config.kwargs["demand"]]
    places = "；".join(measured["partial_unexpected_list"])
    more = measured["unexpected_count"] - len(measured["partial_unexpected_list"])
    return [
        rule.code,
        rule.article,
        NATURES_ZH[rule.nature],
        rule.message_zh,
        str(measured["element_count"]),
        str(measured["unexpected_count"]),
        f"{places}……另有{more}处" if more else places,
        "符合" if result.success else "不符",
    ]


def _table_row(table: str, result: ExpectationSuiteValidationResult) -> list[str]:
    unmet = sum(1 for outcome in result.results if not outcome.success)
    rows = result.results[0].result["element_count"]
    return [TABLES[table].title, str(rows), str(len(result.results)), str(unmet), "不符" if unmet else "符合"]
