"""`filing`, the command line: its options, its errors and exit codes."""

import os
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, TextIO

import typer
from typer._click import exceptions as clicks  # typer carries its own click and re-exports only parts of it

from deployments.commands import EXIT_FAILED, register
from deployments.prefect_environment import PRIVATE
from schemas.errors import FilingError
from schemas.finding import hidden
from tasks.runs.garbage import collect_seldom


class _Discreet:
    """A stream that masks identity numbers in whatever is written to it; everything else is the stream's own."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        self._stream.write(hidden(text))
        return len(text)

    def writelines(self, lines: list[str]) -> None:
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextmanager
def discreet_console() -> Iterator[None]:
    """Mask what is printed inside, on standard output and on standard error."""
    out, err = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = _Discreet(out), _Discreet(err)
    try:
        yield
    finally:
        sys.stdout, sys.stderr = out, err


app = typer.Typer(
    name="filing",
    help="Half-yearly filing (备案) of evaluation institutions: cycles, register, directory.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)


@app.callback()
def installation(
    home: Annotated[
        Path | None, typer.Option("--home", help="Where inbox, outbox, editions and the database are. [default: var]")
    ] = None,
    debug: Annotated[bool, typer.Option("--debug", help="Show a traceback when something fails.")] = False,
) -> None:
    """Which installation the commands work on; FILING_HOME and FILING_DATABASE_URL say the same."""
    if home is not None:
        os.environ["FILING_HOME"] = str(home)
    if debug:
        os.environ["FILING_DEBUG"] = "1"


def main() -> None:
    """Run a command; errors are one sentence on standard error and an exit code (contract section 7)."""
    os.umask(PRIVATE)
    collect_seldom()
    with discreet_console():
        _run()


def _run() -> None:
    words = _installation_first(sys.argv[1:])
    # only the chosen command's imports are paid for
    register(app, "".join(words[_options(words) :][:1]))
    try:
        code = app(words, prog_name="filing", standalone_mode=False)
    except typer.Abort:
        _say("stopped")
        sys.exit(130)
    except clicks.ClickException as wrong:
        _correct(wrong)
        sys.exit(2)
    except FilingError as known:
        _say(str(known))
        sys.exit(known.exit_code)
    except Exception as unexpected:  # noqa: BLE001  the last place that can tell the user anything
        sys.exit(_tell(unexpected))
    sys.exit(code if isinstance(code, int) else 0)


def _options(words: list[str]) -> int:
    """How many of the words stand before the command."""
    place = 0
    while place < len(words) and words[place].startswith("-"):
        place += 2 if words[place] == "--home" else 1
    return place


def _installation_first(words: list[str]) -> list[str]:
    """The words with `--home DIR` and `--debug` before the command, wherever they were written."""
    first: list[str] = []
    rest = list(words)
    for place in reversed(range(len(rest))):
        length = 2 if rest[place] == "--home" and place + 1 < len(rest) else 1
        if rest[place] in ("--home", "--debug") or rest[place].startswith("--home="):
            first = rest[place : place + length] + first
            del rest[place : place + length]
    return first + rest


def _correct(wrong: clicks.ClickException) -> None:
    """Tell a wrong command line in one sentence; where no command was given, the whole help is printed."""
    # the library that reads the words puts the kind of the mistake before what it says
    sentence = " ".join(wrong.format_message().split()).replace("Value error, ", "")
    if isinstance(wrong, clicks.NoArgsIsHelpError) or not isinstance(wrong, clicks.UsageError):
        wrong.show()
        return
    where = wrong.ctx.command_path if wrong.ctx else "filing"
    _say(f"{sentence.rstrip('.')}: `{where} --help` shows how to write it")


def _tell(unexpected: Exception) -> int:
    """Tell a failure nobody foresaw, and return the exit code for it."""
    if os.environ.get("FILING_DEBUG"):
        traceback.print_exception(unexpected)
        return EXIT_FAILED
    first = str(unexpected).strip().splitlines()
    sentence = _mend(unexpected) or (first[0] if first else type(unexpected).__name__)
    _say(f"{sentence} (run `filing --debug …` to see where)")
    return EXIT_FAILED


def _mend(unexpected: Exception) -> str:
    """What to do about a machine that gives way in the middle of the work; nothing for other failures."""
    from httpx import TransportError  # noqa: PLC0415  only a failure needs it
    from sqlalchemy.exc import InterfaceError, OperationalError  # noqa: PLC0415

    again = "then run the command again: it goes on where it stopped"
    if "No space left on device" in str(unexpected) or "disk is full" in str(unexpected):
        return f"the disk is full: make room, {again}"
    if isinstance(unexpected, OperationalError | InterfaceError):
        return f"the database went away or is busy: check FILING_DATABASE_URL and that its server runs, {again}"
    if isinstance(unexpected, TransportError):
        return f"the Prefect server went away: check PREFECT_API_URL and that it runs, {again}"
    return ""


def _say(sentence: str) -> None:
    print(f"filing: {sentence}", file=sys.stderr)  # noqa: T201


if __name__ == "__main__":
    main()
