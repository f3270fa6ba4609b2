"""The sheets of a workbook as typed cells, opened in a process apart; what they mean does not belong here."""

import pickle
from typing import Any, NamedTuple

from tasks.gateways.sources.contents import UnreadableError
from tasks.gateways.sources.formats import limits
from tasks.gateways.sources.formats.apart import EndedError, ProcessApart


class Sheet(NamedTuple):
    """A sheet from A1: typed cells line by line, and its merged ranges as (top, left), (bottom, right)."""

    name: str
    lines: list[list[Any]]
    merged: list[tuple[tuple[int, int], tuple[int, int]]]


class SheetOpener(ProcessApart):
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
        if sheets is None:
            raise UnreadableError(f"工作簿“{name}”无法打开，可能已损坏，请用表格软件打开、另存为.xlsx后重新提交")
        return [Sheet(*sheet) for sheet in sheets]
