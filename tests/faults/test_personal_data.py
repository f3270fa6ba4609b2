"""After a whole cycle on a real server nobody's identity number or phone is anywhere but in the inputs and the database."""

import json
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest

from tests import factories
from tests.faults.house import PATIENCE, TestHouse

#: Where they are by right: what was handed in, the copies of what could not be read, and the product's database.
INPUTS = ("inbox/", "desk/", "quarantine/", "filing.db")
#: A panel is told whom to call: the contact's phone stands in its package and nowhere else.
PACKAGES = "outbox/evaluation/"
IDENTITY = re.compile(rb"(?<!\d)\d{17}[\dXx](?!\d)")
NOBODY = "11010519491231002X"


def output_of(house: TestHouse, *arguments: str) -> bytes:
    """All that a command says, with the server in its environment."""
    command = [sys.executable, "-P", "-m", "deployments.cli", *arguments]
    environment = house._client() | {"PREFECT_LOGGING_LEVEL": "INFO"}
    done = subprocess.run(command, env=environment, capture_output=True, timeout=3 * PATIENCE, check=False)
    assert done.returncode in (0, 1), done.stderr.decode()
    return done.stdout + done.stderr


def spoilt(inbox: Path) -> None:
    """Identity numbers where they have no business: names of files, columns and applications, broken files."""
    (inbox / f"{NOBODY}.xlsx").write_bytes(b"no workbook")
    (inbox / f"张三{NOBODY}.csv").write_text(f"{NOBODY}\n{NOBODY}\n", "utf-8")
    rows = [{"application_no": "X1", NOBODY: NOBODY, "staff": [{"id_number": [[NOBODY]]}]}]
    (inbox / "applications.json").write_text(json.dumps(rows), "utf-8")
    (inbox / "results").mkdir(exist_ok=True)
    (inbox / "results" / f"{NOBODY}.csv").write_text(f'application_no,remarks\n"{NOBODY}', "utf-8")


def put_out(home: Path) -> Iterator[tuple[str, bytes]]:
    """Every file of the home that is no input, and the members of those that are archives."""
    for path in sorted(home.rglob("*")):
        name = path.relative_to(home).as_posix()
        if path.is_symlink() or not path.is_file() or name.startswith(INPUTS):
            continue
        content = path.read_bytes()
        yield name, content
        if content.startswith(b"PK\x03\x04"):
            with zipfile.ZipFile(BytesIO(content)) as packed:
                yield from ((f"{name}!{member}", packed.read(member)) for member in packed.namelist())


@pytest.mark.slow
def test_a_cycle_tells_nobody_who_they_are(house: TestHouse) -> None:
    story = factories.make_story(institutions=20, seed=11)
    forms = (story.sample.tables, story.sample.corrected)
    people = {str(number).encode() for form in forms for number in form["staff"]["id_number"].dropna()}
    people = {number for number in people if IDENTITY.fullmatch(number)} | {NOBODY.encode()}
    phones = {str(phone).encode() for form in forms for phone in form["applications"]["contact_phone"].dropna()}
    phones = {phone for phone in phones if len(phone) >= 11}
    assert len(people) > 50
    assert len(phones) > 10
    house.start_server()
    output = b""
    for number in (1, 2, 3):
        day = story.act(number, house.home / "inbox")
        spoilt(house.home / "inbox")
        output += output_of(house, "run", story.cycle, "--as-of", day.isoformat())
    for command in (["status"], ["findings", story.cycle], ["items", story.cycle], ["directory"], ["doctor"]):
        output += output_of(house, *command)
    assert len(house.ask("POST", "/artifacts/filter", limit=50)) > 5, "the runs have pages"
    house.stop()
    files = {"what the commands said": output, **dict(put_out(house.home))}
    assert {"prefect/prefect.db", "logs/server.log", "data-docs/2026-09/index.html"} <= set(files)
    assert len(files) > 100
    known = {name for name, content in files.items() if set(IDENTITY.findall(content)) & people}
    assert known == set()
    called = {name for name, content in files.items() if any(phone in content for phone in phones)}
    assert {name for name in called if not name.startswith(PACKAGES)} == set()
    assert called, "the scan finds what is there"
