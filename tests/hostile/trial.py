"""One hostile input tried: laid beside a sound one and read; what became of it, and what it cost."""

import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.hostile.attacks import Attack

MIB = 1024**2
#: What an input may take beside the sound one: memory of the pull itself (MiB) and seconds, on a busy machine.
MOST_MIB, MOST_SECONDS = 2048, 180
GOOD_RESULT = "申报编号,职业编码,等级,结论,评分\nGOOD,6-18-02-04,4,合格,80\n"


@dataclass(frozen=True)
class Became:
    """What became of one input in one place: read, set aside (with the reasons), or passed over."""

    what: str
    reasons: tuple[str, ...]
    mib: float
    seconds: float


def in_inbox(attack: Attack, folder: Path) -> Became:
    """Beside a sound application, which must be read."""
    from tasks.gateways.sources import pull_folder
    from tests.hostile.binary import numbered

    (folder / "good.xlsx").write_bytes(numbered("GOOD"))
    attack.put(folder)
    with _measured() as cost:
        pull = pull_folder(folder)
    numbers = pull.tables["applications"]["application_no"].tolist()
    assert "GOOD" in numbers, f"{attack.title}: the sound application was lost"
    reasons = [file.reason for file in pull.quarantined]
    read = len(numbers) > 1 or any(len(pull.tables[name]) > 1 for name in pull.tables if name != "applications")
    return Became(
        "set aside" if reasons else "read" if read or pull.supplied - _FORM else "passed over", tuple(reasons), *cost()
    )


def in_results(attack: Attack, folder: Path) -> Became:
    """Beside a sound file of results, which must be read."""
    from tasks.gateways.sources import PANELS, pull_folder, results_of

    (folder / "zz-good.csv").write_text(GOOD_RESULT, "utf-8")
    attack.put(folder)
    with _measured() as cost:
        pulled = pull_folder(folder, door=PANELS)
    rows, refused = results_of(pulled), pulled.quarantined
    assert "GOOD" in rows["application_no"].tolist(), f"{attack.title}: the sound result was lost"
    what = "set aside" if refused else "read" if len(rows) > 1 else "passed over"
    return Became(what, tuple(file.reason for file in refused), *cost())


_FORM = frozenset({"applications", "occupations", "staff", "materials", "programmes"})


def imported(attack: Attack, folder: Path, kind: str) -> Became | None:
    """As `filing import KIND FILE` takes it; None for what is no file, which the command refuses."""
    from datetime import date

    from tasks.desk.importing import import_file

    attack.put(folder)
    files = [path for path in folder.iterdir() if path.is_file()]
    if not files:
        return None
    with _measured() as cost:
        took = import_file(kind, files[0], date(2026, 9, 20))
    return Became("set aside" if took.complaints else "read", tuple(took.complaints), *cost())


@contextmanager
def _measured() -> Iterator[Callable[[], tuple[float, float]]]:
    """Peak memory in MiB above what was held before, and seconds."""
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
    before, started = _peak(), time.monotonic()
    cost: list[float] = []
    yield lambda: (cost[0], cost[1])
    cost += [(_peak() - before) / 1024, time.monotonic() - started]


def _peak() -> int:
    line = next(text for text in Path("/proc/self/status").read_text().splitlines() if text.startswith("VmHWM"))
    return int(line.split()[1])


class Watch:
    """Every place this process writes to, whatever library asks for it."""

    def __init__(self) -> None:
        self.on = False
        self.written: list[str] = []
        sys.addaudithook(self._see)  # for the life of the process

    def _see(self, event: str, details: tuple[object, ...]) -> None:
        if not self.on:
            return
        if event == "open":
            path, mode, flags = details
            writes = os.O_WRONLY | os.O_RDWR | os.O_CREAT
            if (isinstance(flags, int) and flags & writes) or (isinstance(mode, str) and set(mode) & set("wax+")):
                self._note(path)
        elif event in ("os.mkdir", "os.remove", "os.rmdir", "os.truncate", "sqlite3.connect", "os.chmod"):
            self._note(details[0])
        elif event in ("os.rename", "os.link", "os.symlink"):
            self._note(details[1])

    def _note(self, path: object) -> None:
        if isinstance(path, (str, bytes, os.PathLike)):
            self.written.append(str(Path.cwd() / os.fsdecode(path)))

    @contextmanager
    def watching(self) -> Iterator[None]:
        self.on, self.written = True, []
        try:
            yield
        finally:
            self.on = False

    def outside(self, *homes: Path) -> list[str]:
        """Writes to none of these folders; devices, the interpreter's caches and unpacked archives that are gone aside."""
        known = tuple(f"{home.absolute()}/" for home in homes)
        system = ("/dev/", "/proc/")
        unpacked = f"{tempfile.gettempdir()}/filing-archives-"
        written = {path for path in self.written if not path.startswith(unpacked) or Path(path).exists()}
        return sorted(
            {path for path in written if not f"{path}/".startswith(known + system) and "__pycache__" not in path}
        )
