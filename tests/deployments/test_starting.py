"""What a command imports and starts before it works: counted in modules and servers, never in seconds."""

import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import typer

from deployments import command_server, orchestrator, supervisor
from deployments.commands import COMMANDS, register, register_all
from deployments.orchestrator import have_server
from deployments.supervisor import Running, only_one, serving
from schemas.settings import settings
from tests import evaluations as made

#: What takes longer to import than a command that only shows something takes as a whole.
_HEAVY = ("pandas", "polars", "sqlalchemy", "alembic", "httpx", "jinja2", "argon2", "prefect", "great_expectations")
#: What reads whole tables at once; who asks how a cycle stands reads a few rows.
_FRAMES = ("pandas", "polars", "pyarrow", "numpy", "prefect", "great_expectations", "httpx", "alembic")
#: What no run may import that checks nothing and has its server in another process.
_OF_OTHERS = ("great_expectations", "prefect.server", "alembic", "uvicorn", "fastapi")


def imported_by(code: str, names: tuple[str, ...]) -> set[str]:
    """Those of these modules that are there once the code has run in a fresh process."""
    asked = f"{code}\nimport sys\nprint(*(name for name in {names!r} if name in sys.modules))"
    done = subprocess.run([sys.executable, "-P", "-c", asked], capture_output=True, text=True, check=True)
    return set(done.stdout.splitlines()[-1].split())


def test_help_imports_nothing_heavy() -> None:
    code = "import typer\nfrom deployments import cli\nfrom deployments.commands import register_all\nregister_all(cli.app)"
    assert not imported_by(code, _HEAVY)


@pytest.mark.parametrize("words", [["status"], ["status", "--json"], ["status", made.CYCLE]])
def test_status_reads_plain_rows(home: Path, words: list[str]) -> None:
    made.accepted("A1")
    made.accepted("A2", status="passed")
    made.accepted("A3", status="returned")
    line = ["--home", str(home), *words]
    code = f"import sys\nfrom deployments import cli\nsys.argv[1:] = {line}\ntry:\n    cli.main()\nexcept SystemExit as end:"
    assert not imported_by(f"{code}\n    assert not end.code", _FRAMES)


def test_a_run_that_checks_nothing_imports_neither_the_checks_nor_the_server() -> None:
    assert not imported_by("import flows.filing_cycle, deployments.schema", _OF_OTHERS)


def test_every_command_stands_in_the_table() -> None:
    for module, commands in COMMANDS.items():
        app = typer.Typer()
        register_all(app, [module])
        names = {command.name for command in app.registered_commands} | {
            command.name for command in app.registered_groups
        }
        assert names == set(commands), module
    every = [command for commands in COMMANDS.values() for command in commands]
    assert len(every) == len(set(every))


@pytest.mark.parametrize(("word", "number"), [("status", 7), ("run", 1), ("no-such-command", 28), ("", 28)])
def test_only_the_module_of_the_command_is_registered(word: str, number: int) -> None:
    app = typer.Typer()
    register(app, word)
    assert len(app.registered_commands) >= number
    assert (word not in ("status", "run")) == (len(app.registered_commands) > len(COMMANDS["showing"]))


@pytest.fixture
def started(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The logs of the servers that would have been started, in a process whose environment names none."""
    logs: list[Path] = []

    def start(log: Path) -> SimpleNamespace:
        logs.append(log)
        return SimpleNamespace(address="http://127.0.0.1:1/api", password="filing:x")

    monkeypatch.chdir(tmp_path)
    for name in ("PREFECT_API_URL", "PREFECT_API_AUTH_STRING", "PREFECT_CLIENT_CSRF_SUPPORT_ENABLED"):
        monkeypatch.setenv(name, "")  # so that it is put back afterwards
        monkeypatch.delenv(name)
    monkeypatch.setenv("PREFECT_HOME", str(home / "prefect"))
    monkeypatch.setattr(orchestrator, "_started", [])
    monkeypatch.setattr(command_server, "CommandServer", start)
    return logs


def test_without_a_server_one_is_started_once(home: Path, started: list[Path]) -> None:
    have_server()
    have_server()
    assert started == [home / "logs" / "command-server.log"]
    assert os.environ["PREFECT_API_URL"] == "http://127.0.0.1:1/api"


def test_a_server_that_is_stated_is_used(started: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PREFECT_API_URL", "http://10.0.0.1:4200/api")
    have_server()
    assert not started


def test_a_server_that_a_file_of_prefect_names_is_used(
    started: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import prefect.settings

    api = SimpleNamespace(api=SimpleNamespace(url="http://10.0.0.1:4200/api"))
    monkeypatch.setattr(prefect.settings, "get_current_settings", lambda: api)
    (tmp_path / "pyproject.toml").write_text("[tool.ruff]\n", "utf-8")
    assert not orchestrator._is_stated_elsewhere()
    (tmp_path / "prefect.toml").write_text("[api]\n", "utf-8")
    have_server()
    assert not started


def test_the_server_of_filing_up_is_used_while_it_answers(
    home: Path, started: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    here = Running("http://127.0.0.1:4242", os.getpid())
    monkeypatch.setattr(supervisor, "_answers", lambda address: address == "http://127.0.0.1:4242/api/health")
    with only_one(here):
        assert serving() == here
        have_server()
    assert not started
    assert os.environ["PREFECT_API_URL"] == "http://127.0.0.1:4242/api"


def test_what_a_killed_filing_up_left_is_no_server(home: Path, started: list[Path]) -> None:
    folder = settings().root / "prefect"
    folder.mkdir()
    (folder / "up.json").write_text(json.dumps({"address": "http://127.0.0.1:4242", "process": 1}), "utf-8")
    assert serving() is None
    have_server()
    assert len(started) == 1


def test_a_server_that_dies_at_once_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever waits in the queue of its port learns it at once, and not when the patience is over."""
    monkeypatch.setattr(sys, "executable", "/bin/false")
    monkeypatch.setenv(command_server.PASSWORD, "filing:x")
    server = command_server.CommandServer(tmp_path / "logs" / "server.log")
    with pytest.raises(command_server.NoServerError, match=r"did not come up: .*server\.log"):
        server.await_answer()
    server.stop()
    server.stop()
