"""A real installation for the fault tests: server and workers as processes that a test can kill, asked over HTTP."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from tenacity import Retrying, retry_if_exception, stop_after_delay, wait_fixed

from deployments import prefect_environment
from deployments.gate import secrets_of_home
from tests.ports import HOST, held_port

#: The machine of the check is small and shared: what takes seconds may take minutes.
PATIENCE = 600.0


def _is_busy(failed: BaseException) -> bool:
    busy = httpx.codes.SERVICE_UNAVAILABLE
    return isinstance(failed, httpx.HTTPStatusError) and failed.response.status_code == busy


@dataclass
class TestHouse:
    """One home with its server and workers; `database` and `prefect_database` are URLs, empty for SQLite in the home.

    `settings`: variables of the environment beside them.
    """

    __test__ = False

    home: Path
    database: str = ""
    prefect_database: str = ""
    settings: dict[str, str] = field(default_factory=dict)
    port: int = field(default_factory=held_port)
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def api(self) -> str:
        return f"http://{HOST}:{self.port}/api"

    def environment(self) -> dict[str, str]:
        variables = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "FILING_"))}
        variables |= {"FILING_HOME": str(self.home), "PREFECT_HOME": str(self.home / "prefect"), "DO_NOT_TRACK": "1"}
        variables["FILING_PRACTICE"] = "yes"
        if self.database:
            variables["FILING_DATABASE_URL"] = self.database
        return variables | self.settings

    def start_server(self) -> None:
        variables = self.environment() | {"PREFECT_SERVER_API_PORT": str(self.port)}
        if self.prefect_database:
            variables["PREFECT_SERVER_DATABASE_CONNECTION_URL"] = self.prefect_database
        self._start("server", ["-m", "deployments.prefect_server"], variables)
        self.wait_for("the server", self._answers)

    def _answers(self) -> bool:
        assert self.processes["server"].poll() is None, f"the server ended\n{self.logs()}"
        try:
            return httpx.get(f"{self.api}/health", trust_env=False).is_success
        except httpx.HTTPError:
            return False

    def register(self) -> None:
        subprocess.run(
            [sys.executable, "-P", "-m", "deployments.catalogue"], env=self._client(), check=True, timeout=PATIENCE
        )

    def pause(self, name: str) -> None:
        """Have a deployment `flow/deployment` make no runs by its schedule, whatever time of day the test meets."""
        deployment = self.ask("GET", f"/deployments/name/{name}")
        self.ask("PATCH", f"/deployments/{deployment['id']}", paused=True)

    def start_worker(self, number: int = 1) -> None:
        self._start(f"worker-{number}", ["-m", "deployments.worker", str(number)], self._client())

    def _client(self) -> dict[str, str]:
        return self.environment() | {"PREFECT_API_URL": self.api, "PREFECT_LOGGING_LEVEL": "INFO"}

    def filing(self, *arguments: str) -> str:
        """Run a command of ours to its end; its output."""
        command = [sys.executable, "-P", "-m", "deployments.cli", *arguments]
        done = subprocess.run(
            command, env=self.environment(), capture_output=True, text=True, timeout=PATIENCE, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def _start(self, name: str, arguments: list[str], environment: dict[str, str]) -> None:
        log = self.home / "logs" / f"{name}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as sink:
            self.processes[name] = subprocess.Popen(
                [sys.executable, "-P", *arguments],
                env=prefect_environment.for_child(environment),
                stdout=sink,
                stderr=sink,
                start_new_session=True,
            )

    def kill(self, name: str) -> None:
        """SIGKILL, as a power cut would."""
        process = self.processes.pop(name)
        process.kill()
        process.wait()

    def stop(self) -> None:
        for name in sorted(self.processes, reverse=True):
            self.end(name)

    def end(self, name: str) -> None:
        """SIGTERM, as a restart of the service would."""
        process = self.processes.pop(name)
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def ask(self, method: str, path: str, **body: Any) -> Any:
        """The server's answer; while its database is busy it is asked again, as Prefect's own client does."""
        patient = Retrying(
            retry=retry_if_exception(_is_busy), wait=wait_fixed(1), stop=stop_after_delay(30), reraise=True
        )
        return patient(self._answer, method, path, body)

    def _answer(self, method: str, path: str, body: dict[str, Any]) -> Any:
        answer = httpx.request(
            method, f"{self.api}{path}", json=body or None, trust_env=False, timeout=60, headers=self.headers()
        )
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def headers(self) -> dict[str, str]:
        """What a script sends to be let in."""
        return secrets_of_home.headers(self.home)

    def run_deployment(self, name: str, **parameters: Any) -> str:
        """Ask for a run of `flow/deployment`; its id."""
        deployment = self.ask("GET", f"/deployments/name/{name}")
        run = self.ask("POST", f"/deployments/{deployment['id']}/create_flow_run", parameters=parameters)
        return str(run["id"])

    def run(self, run_id: str) -> Any:
        return self.ask("GET", f"/flow_runs/{run_id}")

    def wait_state(self, run_id: str, *names: str, seconds: float = PATIENCE, passing: tuple[str, ...] = ()) -> Any:
        """Wait until a run is in one of these states; the run. It may pass through `passing`, not end otherwise."""
        over = {"Completed", "Failed", "Crashed", "Cancelled"} - set(names) - set(passing)

        def reached() -> bool:
            state = self.run(run_id)["state"]
            assert state["name"] not in over, f"{state['name']}: {state['message']}\n{self.run_log(run_id)}"
            return state["name"] in names

        self.wait_for(f"run {run_id} to be {names}", reached, seconds)
        return self.run(run_id)

    def page(self, key: str) -> str:
        """What the newest artifact of a key says."""
        mine = {"artifacts": {"key": {"any_": [key]}}, "sort": "UPDATED_DESC", "limit": 1}
        artifacts = self.ask("POST", "/artifacts/filter", **mine)
        text = str(artifacts[0]["data"]) if artifacts else ""
        return json.dumps(json.loads(text), ensure_ascii=False) if text.startswith("[") else text

    def run_log(self, run_id: str) -> str:
        """What a run logged."""
        mine = {"flow_run_id": {"any_": [run_id]}}
        return "\n".join(entry["message"] for entry in self.ask("POST", "/logs/filter", logs=mine))

    def wait_for(self, what: str, happened: Callable[[], bool], seconds: float = PATIENCE) -> None:
        until = time.monotonic() + seconds
        while not happened():
            if time.monotonic() > until:
                raise AssertionError(f"waited {seconds:.0f} s for {what}\n{self.logs()}")
            time.sleep(0.5)

    def logs(self) -> str:
        """The ends of what the processes said, for a failed test."""
        files = sorted((self.home / "logs").glob("*.log"))
        return "\n".join(f"== {file.name}\n{file.read_text('utf-8', 'replace')[-3000:]}" for file in files)
