"""`filing` run in this process: what it prints and how it ends, for tests of the command line."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from schemas.settings import Settings, settings, using


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str


class Filing:
    """The command line of one installation."""

    def __init__(self, home: Path, patch: pytest.MonkeyPatch, captured: pytest.CaptureFixture[str]) -> None:
        self.home, self._patch, self._captured = home, patch, captured

    def __call__(self, *words: str, stated: Settings | None = None) -> Ended:
        """Run `filing` with these words."""
        from deployments import cli

        self._patch.setattr(sys, "argv", ["filing", *words])
        self._patch.setattr(cli, "app", _fresh())
        self._captured.readouterr()
        with using(stated or settings()):
            try:
                cli.main()
            except SystemExit as ended:
                code = ended.code if isinstance(ended.code, int) else 1
        output = self._captured.readouterr()
        return Ended(code, output.out, output.err)

    def lines(self, *words: str) -> Sequence[str]:
        """The lines a command prints; it must end well."""
        ended = self(*words)
        assert ended.code == 0, ended.err
        return ended.out.splitlines()


def _fresh() -> object:
    import typer

    from deployments import cli

    return typer.Typer(name="filing", no_args_is_help=True, pretty_exceptions_enable=False, callback=cli.installation)
