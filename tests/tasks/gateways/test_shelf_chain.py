"""The chain of editions: one changed byte, one missing link is found and named."""

import json
from pathlib import Path
from shutil import copytree, rmtree

import pytest

from tasks.gateways.disk.files import file_sha256
from tasks.gateways.shelf import build, edition_names, place, point_latest, verify_chain
from tasks.gateways.shelf.manifest import json_bytes, sha256
from tests.editions import edition, ordinary

NAMES = ["2026-09.1", "2026-09.2", "2026-09.10"]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder, previous = tmp_path_factory.mktemp("published"), None
    for count, name in enumerate(NAMES, start=5):
        content = edition(ordinary().iloc[:count], name=name, previous=previous)
        previous = place(folder, build(folder, content), name)
        point_latest(folder, name)
    return folder


@pytest.fixture
def published(whole: Path, tmp_path: Path) -> Path:
    return copytree(whole, tmp_path / "published", symlinks=True)


def known(published: Path) -> dict[str, str]:
    return {name: file_sha256(published / name / "manifest.json") for name in NAMES}


def rewritten(manifest: Path, **changed: object) -> None:
    """The manifest with other particulars and a seal that fits them."""
    body = json.loads(manifest.read_bytes()) | changed
    del body["seal"]
    manifest.write_bytes(json_bytes({**body, "seal": sha256(json_bytes(body))}))


def test_a_whole_chain_has_no_faults(published: Path) -> None:
    assert verify_chain(published) == []
    assert verify_chain(published, known(published)) == []
    assert edition_names(published) == NAMES


def test_an_empty_shelf_has_no_faults(tmp_path: Path) -> None:
    assert verify_chain(tmp_path) == []
    assert verify_chain(tmp_path / "nowhere") == []
    assert verify_chain(tmp_path, {"2026-09.1": "0" * 64}) == [f"edition 2026-09.1 is missing below {tmp_path}"]


def test_one_changed_byte_in_any_file_of_any_edition_is_found(published: Path) -> None:
    for name in NAMES:
        for file in sorted((published / name).iterdir()):
            whole = file.read_bytes()
            for place_of_byte in (0, len(whole) // 2, len(whole) - 1):
                changed = bytearray(whole)
                changed[place_of_byte] ^= 1
                file.write_bytes(changed)
                faults = verify_chain(published)
                assert any(f"edition {name}: {file.name} " in fault for fault in faults), (file, place_of_byte, faults)
            file.write_bytes(whole)
    assert verify_chain(published) == []


def test_the_first_broken_link_is_named_first(published: Path) -> None:
    rewritten(published / "2026-09.1" / "manifest.json", rows=6)
    faults = verify_chain(published)
    assert len(faults) == 1
    assert faults[0].startswith("the chain is broken at 2026-09.2: ")
    assert "2026-09.1 was changed or an edition is missing" in faults[0]


def test_the_newest_manifest_rewritten_with_its_seal_is_found_by_its_record(published: Path) -> None:
    record = known(published)
    rewritten(published / "2026-09.10" / "manifest.json", rows=6)
    assert verify_chain(published) == []
    assert verify_chain(published, record) == [
        "edition 2026-09.10: manifest.json is not the one that was published",
    ]


def test_a_missing_edition_is_found(published: Path) -> None:
    record = known(published)
    rmtree(published / "2026-09.2")
    assert verify_chain(published)[0].startswith("the chain is broken at 2026-09.10: ")
    assert verify_chain(published, record)[0] == f"edition 2026-09.2 is missing below {published}"


def test_a_missing_and_a_foreign_file_are_found(published: Path) -> None:
    (published / "2026-09.1" / "changes.csv").rename(published / "2026-09.1" / "other.csv")
    assert verify_chain(published) == [
        "edition 2026-09.1: changes.csv is missing",
        "edition 2026-09.1: other.csv does not belong to it",
    ]


def test_a_missing_manifest_is_found(published: Path) -> None:
    (published / "2026-09.10" / "manifest.json").unlink()
    faults = verify_chain(published)
    assert [fault for fault in faults if fault.startswith("edition 2026-09.10: manifest.json cannot be relied on")]


def test_two_editions_that_follow_one_are_found(published: Path) -> None:
    first = file_sha256(published / "2026-09.1" / "manifest.json")
    rewritten(published / "2026-09.10" / "manifest.json", previous_manifest_sha256=first)
    assert verify_chain(published) == ["the chain is broken: 2026-09.2 and 2026-09.10 both follow 2026-09.1"]


def test_two_first_editions_are_found(published: Path) -> None:
    rewritten(published / "2026-09.10" / "manifest.json", previous_manifest_sha256=None)
    assert verify_chain(published) == ["the chain is broken: 2026-09.1 and 2026-09.10 both claim to be the first"]


def test_a_renamed_edition_is_found(published: Path) -> None:
    (published / "2026-09.10").rename(published / "2026-09.3")
    point_latest(published, "2026-09.3")
    assert verify_chain(published) == ["edition 2026-09.3: its manifest.json is that of 2026-09.10"]


@pytest.mark.parametrize("target", ["2027-04.1", "nowhere"])
def test_a_latest_that_leads_nowhere_is_found(published: Path, target: str) -> None:
    (published / "latest").unlink()
    assert verify_chain(published) == [
        f"{published / 'latest'} does not point at an edition: run the publication again"
    ]
    (published / "latest").symlink_to(target)
    assert len(verify_chain(published)) == 1
