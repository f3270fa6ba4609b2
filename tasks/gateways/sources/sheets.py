"""The sheets of a workbook as typed cells, opened in a process apart; what they mean does not belong here."""

import os
import pickle
import subprocess
import sys
from contextlib import suppress
from types import TracebackType
from typing import Self

from tasks.gateways.sources import limits, sheet_process
from tasks.gateways.sources.contents import UnreadableError
from tasks.gateways.sources.sheet_process import LENGTH_BYTES, Sheet


class SheetOpener:
    """Opens one workbook after another in one process apart, and starts another where a workbook ended it."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def open(self, name: str, data: bytes) -> list[Sheet]:
        """The workbook's sheets; raises UnreadableError where it does not open within the limits."""
        limits.check_workbook(name, data)
        try:
            sheets = self._ask(data)
        except (OSError, EOFError, pickle.UnpicklingError) as ended:
            self._end()
            raise UnreadableError(
                f"工作簿“{name}”无法在限定的内存和时间内读完，可能在表格以外很远处有多余内容或已损坏，"
                "请删除多余内容、另存为.xlsx后重新提交"
            ) from ended
        if sheets is None:
            raise UnreadableError(f"工作簿“{name}”无法打开，可能已损坏，请用表格软件打开、另存为.xlsx后重新提交")
        return [Sheet(*sheet) for sheet in sheets]

    def _ask(
        self, data: bytes
    ) -> list[tuple[str, list[list[object]], list[tuple[tuple[int, int], tuple[int, int]]]]] | None:
        if self._process is None:
            self._process = subprocess.Popen(  # noqa: S603  our own interpreter and our own script
                [sys.executable, "-I", sheet_process.__file__],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={**os.environ, "RUST_BACKTRACE": "0"},  # writing one takes longer than all the reading
            )
        requests, replies = self._process.stdin, self._process.stdout
        assert requests is not None and replies is not None
        requests.write(len(data).to_bytes(LENGTH_BYTES))
        requests.write(data)
        requests.flush()
        reply = replies.read(int.from_bytes(replies.read(LENGTH_BYTES)))
        return pickle.loads(reply)  # type: ignore[no-any-return]  # noqa: S301  written by our own script

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        # what was still to be written to a process that ended is lost, and is meant to be
        with suppress(BrokenPipeError), process:
            pass
