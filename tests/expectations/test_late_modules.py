"""Modules that come with the first use of them."""

import importlib
import sys
from typing import Any

import pytest

from expectations.check import coming_late, import_great_expectations


def test_a_module_comes_with_the_first_use_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "colorsys", raising=False)
    with coming_late("colorsys"):
        late: Any = importlib.import_module("colorsys")
    assert "colorsys" not in sys.modules
    assert late.rgb_to_hsv(0, 0, 0) == (0.0, 0.0, 0)
    assert late.rgb_to_hsv is sys.modules["colorsys"].rgb_to_hsv
    with pytest.raises(AttributeError):
        _ = late.no_such_thing


def test_a_module_may_be_used_while_others_are_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "colorsys", raising=False)
    with coming_late("colorsys", "json"):
        late: Any = importlib.import_module("colorsys")
        assert late.hsv_to_rgb(0.0, 0.0, 1.0) == (1.0, 1.0, 1.0)
        assert importlib.import_module("json") is sys.modules["json"]
    assert late is not sys.modules["colorsys"]


def test_stock_expectations_have_all_they_need() -> None:
    import_great_expectations()
    core = "great_expectations.expectations.core.expect_column_kl_divergence_to_be_less_than"
    statistics = importlib.import_module(core).stats
    assert statistics.entropy([0.5, 0.5]) == pytest.approx(0.6931, abs=1e-3)
