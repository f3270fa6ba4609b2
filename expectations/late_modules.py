"""Great Expectations without what it imports for expectations that nobody states here: a third of its time."""

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from types import ModuleType
from typing import Any, Final

#: What one stock expectation, on the divergence of two distributions, reckons and draws with.
_OF_DISTRIBUTIONS: Final = ("altair", "scipy.stats")


class _Late(ModuleType):
    """Stands in for a module until something of it is asked for."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # what the import itself asks
            raise AttributeError(name)
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        return getattr(importlib.import_module(self.__name__), name)


@contextmanager
def coming_late(*names: str) -> Iterator[None]:
    """Who imports one of these modules inside the block is given a stand-in, unless it is there already.

    Who imports it afterwards is given the module.
    """
    stand_ins = {name: _Late(name) for name in names if name not in sys.modules}
    sys.modules.update(stand_ins)
    try:
        yield
    finally:
        for name, stand_in in stand_ins.items():
            if sys.modules.get(name) is stand_in:
                del sys.modules[name]


@cache
def import_great_expectations() -> None:
    """Import it, once in a process; its other parts are imported as ever after this."""
    with coming_late(*_OF_DISTRIBUTIONS):
        importlib.import_module("great_expectations")
