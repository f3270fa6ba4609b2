"""Signed scans beside an edition: recorded, checked, named by the next manifest; the edition stays what it was."""

import json
from pathlib import Path

import pytest

from tasks.gateways.disk.files import file_sha256
from tasks.gateways.shelf import build, place, point_latest, verify_chain
from tasks.gateways.shelf.manifest import ATTACHMENTS, UnfitAttachmentError, attach
from tests.editions import edition, ordinary

_SCAN = b"%PDF-1.7 signed and sealed"


@pytest.fixture
def published(tmp_path: Path) -> Path:
    shelf = tmp_path / "published"
    place(shelf, build(shelf, edition(ordinary())), "2026-09.1")
    point_latest(shelf, "2026-09.1")
    (tmp_path / "扫描件.pdf").write_bytes(_SCAN)
    return shelf


def test_a_scan_is_recorded_and_the_chain_is_whole(published: Path, tmp_path: Path) -> None:
    manifest = (published / "2026-09.1" / "manifest.json").read_bytes()
    for _ in range(2):
        path = attach(published, "2026-09.1", tmp_path / "扫描件.pdf")
    assert path.read_bytes() == _SCAN
    assert json.loads((published / "2026-09.1" / ATTACHMENTS).read_bytes()) == {path.name: file_sha256(path)}
    assert (published / "2026-09.1" / "manifest.json").read_bytes() == manifest
    assert verify_chain(published) == []


def test_the_next_manifest_names_the_record(published: Path, tmp_path: Path) -> None:
    attach(published, "2026-09.1", tmp_path / "扫描件.pdf")
    first = published / "2026-09.1"
    following = edition(
        ordinary().iloc[:3],
        before=ordinary(),
        name="2026-09.2",
        previous=file_sha256(first / "manifest.json"),
        earlier=[("2026-09.1", edition(ordinary()).as_of, edition(ordinary()).changes)],
    )
    place(published, build(published, following), "2026-09.2")
    record = json.loads((published / "2026-09.2" / "manifest.json").read_bytes())
    assert record["previous_attachments_sha256"] == file_sha256(first / ATTACHMENTS)
    assert verify_chain(published) == []


def test_a_changed_scan_and_a_stray_file_are_found(published: Path, tmp_path: Path) -> None:
    path = attach(published, "2026-09.1", tmp_path / "扫描件.pdf")
    path.write_bytes(_SCAN + b"!")
    assert any("was changed after it was attached" in fault for fault in verify_chain(published))
    path.write_bytes(_SCAN)
    (published / "2026-09.1" / "stray.pdf").write_bytes(_SCAN)
    assert verify_chain(published) == ["edition 2026-09.1: stray.pdf does not belong to it"]


def test_what_is_no_scan_of_an_edition_is_refused(published: Path, tmp_path: Path) -> None:
    with pytest.raises(UnfitAttachmentError, match="is not below"):
        attach(published, "2026-09.7", tmp_path / "扫描件.pdf")
    (tmp_path / "scan.pdf").write_bytes(b"<html>")
    with pytest.raises(UnfitAttachmentError, match="is no PDF file"):
        attach(published, "2026-09.1", tmp_path / "scan.pdf")
    attach(published, "2026-09.1", tmp_path / "扫描件.pdf")
    (tmp_path / "扫描件.pdf").write_bytes(_SCAN + b"another")
    with pytest.raises(UnfitAttachmentError, match="has another file"):
        attach(published, "2026-09.1", tmp_path / "扫描件.pdf")
