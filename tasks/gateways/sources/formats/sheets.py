"""The sheets of a workbook as typed cells, opened in a sandbox."""

import pickle
from typing import Any, NamedTuple

from tasks.gateways.sources.contents import UnreadableError
from tasks.gateways.sources.formats import limits
from tasks.gateways.sources.formats.sandbox import EndedError, Sandbox


class Sheet(NamedTuple):
    """A sheet from A1: typed cells line by line, and its merged ranges as (top, left), (bottom, right).

    Cells without a value hold what stands there (`#REF!`, `=`); hidden rows are counted from 0.
    """

    name: str
    lines: list[list[Any]]
    merged: list[tuple[tuple[int, int], tuple[int, int]]]
    visible: bool = True
    hidden: tuple[int, ...] = ()
    from_1904: bool = False


class SheetOpener(Sandbox):
    """Opens one workbook after another."""

    def __init__(self) -> None:
        super().__init__("sheets")

    def open(self, name: str, data: bytes) -> list[Sheet]:
        """The workbook's sheets; raises UnreadableError where it does not open within the limits."""
        limits.check_workbook(name, data)
        try:
            sheets = pickle.loads(self.ask(data))  # noqa: S301  written by our own script
        except EndedError as ended:
            raise UnreadableError(
                f"工作簿“{name}”无法在限定的内存和时间内读完，可能在表格以外很远处有多余内容或已损坏，"
                "请删除多余内容、另存为.xlsx后重新提交"
            ) from ended
        if sheets == b"locked":
            raise UnreadableError(f"工作簿“{name}”设有打开密码，请取消密码、另存后重新提交")
        if sheets is None:
            raise UnreadableError(f"工作簿“{name}”无法打开，可能已损坏，请用表格软件打开、另存为.xlsx后重新提交")
        parts, from_1904 = sheets
        return [
            Sheet(title, _completed(lines, broken), merged, visible, tuple(hidden), from_1904)
            for title, visible, lines, merged, hidden, broken in parts
        ]


def _completed(lines: list[list[Any]], broken: list[tuple[int, int, str]]) -> list[list[Any]]:
    """The lines with what stands in cells that have no value."""
    for row, column, text in broken:
        if row < len(lines) and column < len(lines[row]):
            lines[row][column] = text
    return lines
