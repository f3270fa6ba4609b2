"""compose.yaml, Dockerfile and systemd units say what can be done: no container is started to see it."""

import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import yaml

from schemas.settings import Settings
from tests.commands import Filing

ROOT = Path(__file__).parents[2]
DEPLOYMENTS = ROOT / "deployments"
UNITS = sorted((DEPLOYMENTS / "systemd").glob("filing-*"))
#: Said by neither product nor Prefect: to PostgreSQL, to Python, to whoever counts.
FOREIGN = {
    *("POSTGRES_USER", "POSTGRES_PASSWORD", "POSTGRES_DB", "OWNER_PASSWORD", "WORKER_PASSWORD"),
    *("TZ", "DO_NOT_TRACK", "PYTHONSAFEPATH"),
}


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    compose: dict[str, Any] = yaml.safe_load((DEPLOYMENTS / "compose.yaml").read_text("utf-8"))
    return dict(compose["services"])


def is_known(variable: str) -> bool:
    from prefect.settings.legacy import _get_settings_fields
    from prefect.settings.models.root import Settings as PrefectSettings

    if variable.startswith("FILING_"):
        return variable.removeprefix("FILING_").lower() in Settings.model_fields
    return variable in FOREIGN or variable in _get_settings_fields(PrefectSettings)


def assert_runs(words: list[str], filing: Filing) -> None:
    """The command is one of ours and takes these words."""
    program = Path(words[0]).name
    if program == "filing":
        assert filing(words[1], "--help").code == 0
        assert not [word for word in words[2:] if word.startswith("-")], "no option that --help would have to name"
    elif program == "python" and words[1] == "-m":
        assert find_spec(words[2]), words
        assert all(word.isdigit() or word == "%i" for word in words[3:])
    else:
        assert words[:2] in (["python", "-c"], ["pg_isready", "--username"], ["/bin/sh", "-c"], ["find", words[1]]), (
            words
        )


def test_compose_describes_the_whole(services: dict[str, Any]) -> None:
    assert set(services) == {
        "database",
        "prefect-database",
        "migrate",
        "server",
        "deployments",
        "worker-1",
        "worker-2",
        "backup",
    }
    for name, service in services.items():
        for other, dependency in service.get("depends_on", {}).items():
            if dependency["condition"] == "service_healthy":
                assert "healthcheck" in services[other], f"{name} waits for {other}"
            else:
                assert services[other]["restart"] == "no", f"{name} waits for the end of {other}"
    lasting = [name for name, service in services.items() if service["restart"] != "no"]
    assert all("healthcheck" in services[name] for name in lasting)
    hosts = {services[name]["hostname"] for name in ("worker-1", "worker-2")}
    assert len(hosts) == 2, "a worker finds what it left by its host's name"


def test_compose_starts_what_there_is(services: dict[str, Any], filing: Filing) -> None:
    for service in services.values():
        if service["image"] == "filing-cycles":
            assert_runs([*service.get("entrypoint", ["filing"]), *service["command"]], filing)
        kind, *words = service.get("healthcheck", {}).get("test", ["NONE"])
        if kind == "CMD-SHELL":
            assert_runs(shlex.split(words[0]), filing)
            subprocess.run(["sh", "-n", "-c", words[0]], check=True)
        elif kind == "CMD":
            assert_runs(words, filing)
            compile(words[2], "healthcheck", "exec")


def test_compose_holds_no_secret_and_no_default_for_one(services: dict[str, Any]) -> None:
    for name, service in services.items():
        for variable, value in service["environment"].items():
            assert is_known(variable), f"{name} {variable}"
            if "PASSWORD" in variable or "AUTH" in variable or ("URL" in variable and "@" in value):
                assert re.search(r"\$\{\w+:\?\}", value), f"{name} {variable} would start without a secret"
                assert not re.search(r"\$\{\w+:?-", value), f"{name} {variable} has a default"
    server = services["server"]["environment"]
    assert server["PREFECT_SERVER_ANALYTICS_ENABLED"] == "false"
    assert server["FILING_HOME"] == services["worker-1"]["environment"]["FILING_HOME"], "machine.secret lies in it"
    assert server["FILING_HOSTS"].startswith("server"), "workers call it so"
    ports = [port for service in services.values() for port in service.get("ports", [])]
    assert ports == ["127.0.0.1:4200:4200"]


def test_images_are_named_by_digest(services: dict[str, Any]) -> None:
    compose = yaml.safe_load((DEPLOYMENTS / "compose.yaml").read_text("utf-8"))
    foreign = [service["image"] for service in services.values() if service["image"] != "filing-cycles"]
    assert set(foreign) == {"postgres:17@sha256:${POSTGRES_DIGEST:?}"}, "a tag may come to mean another image"
    assert compose["x-image"]["build"]["args"]["PYTHON_DIGEST"] == "${PYTHON_DIGEST:?}", "no image without it"
    bases = re.findall(r"^FROM (\S+)", (DEPLOYMENTS / "Dockerfile").read_text("utf-8"), re.MULTILINE)
    assert set(bases) == {"python:3.11-slim@sha256:${PYTHON_DIGEST}"}


def test_the_image_holds_the_wheel_and_no_home() -> None:
    lines = (DEPLOYMENTS / "Dockerfile").read_text("utf-8").replace("\\\n", " ").splitlines()
    instructions = [line.split(maxsplit=1) for line in lines if line and not line.startswith("#")]
    assert {word for word, _ in instructions} <= {
        "ARG",
        "FROM",
        "WORKDIR",
        "COPY",
        "RUN",
        "ENV",
        "USER",
        "VOLUME",
        "ENTRYPOINT",
        "CMD",
    }
    ignored = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    sent = {line.removeprefix("!") for line in ignored if line.startswith("!")}
    assert "*" in ignored, "what is not named is not sent to the builder: homes hold personal data"
    assert all((ROOT / name).exists() for name in sent)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    assert set(project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]) <= sent
    assert {"requirements.lock", "requirements-extras.lock", "pyproject.toml", project["project"]["readme"]} <= sent
    assert [rest for word, rest in instructions if word == "USER"] == ["filing"]
    assert [rest for word, rest in instructions if word == "ENTRYPOINT"] == ['["filing"]']
    assert "filing" in project["project"]["scripts"]


def test_units_start_what_there_is(filing: Filing) -> None:
    commands = []
    for unit in UNITS:
        text = unit.read_text("utf-8")
        commands += re.findall(r"^ExecStart(?:Pre)?=(.*)$", text, re.MULTILINE)
        assert not re.search(r"(PASSWORD|AUTH)\w*=\S", text), "secrets stand in the environment files alone"
    assert len(commands) == 5
    for command in commands:
        words = shlex.split(command.replace("$$", "$").replace("%%", "%"))
        assert_runs(words, filing)
        if words[0] == "/bin/sh":
            assert_runs(shlex.split(words[2]), filing)


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd on this machine")
def test_systemd_finds_the_units_well(tmp_path: Path) -> None:
    folder = str(Path(sys.executable).parent)
    for unit in UNITS:
        (tmp_path / unit.name).write_text(unit.read_text("utf-8").replace("/opt/filing/bin", folder), "utf-8")
    units = [str(tmp_path / unit.name) for unit in UNITS]
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *units], capture_output=True, text=True, timeout=60, check=False
    )
    ours = [line for line in done.stderr.splitlines() if "filing" in line]
    assert (done.returncode, ours) == (0, [])


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd on this machine")
@pytest.mark.parametrize("unit", [unit for unit in UNITS if unit.suffix == ".service"], ids=lambda unit: unit.name)
def test_a_unit_may_do_little(unit: Path) -> None:
    done = subprocess.run(
        ["systemd-analyze", "security", "--offline=yes", "--threshold=30", "--no-pager", str(unit)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    (level,) = re.findall(r"exposure level for \S+: ([0-9.]+)", done.stdout)
    assert float(level) < 3
    assert "UMask=0077" in unit.read_text("utf-8")


@pytest.mark.parametrize("name", ["server.env.example", "worker.env.example", "owner.env.example"])
def test_the_environment_files_name_what_is_read(name: str) -> None:
    lines = (DEPLOYMENTS / "systemd" / name).read_text("utf-8").splitlines()
    variables = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    assert all(is_known(variable) for variable in variables)
    secrets = [value for variable, value in variables.items() if "AUTH" in variable or "@" in value]
    assert secrets
    assert all(":..." in value for value in secrets), "a secret of somebody's would be everybody's"
