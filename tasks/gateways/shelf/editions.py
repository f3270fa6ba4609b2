"""Editions on the shelf: built aside, moved into place whole, `latest` last.

One publisher at a time is the caller's lease to keep. A kill at any moment leaves the former edition in force.
"""

from functools import partial
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from schemas.directory import edition_name
from schemas.errors import FilingError
from tasks.gateways.disk import folders
from tasks.gateways.disk.files import file_sha256
from tasks.gateways.paper.delimited import csv_bytes
from tasks.gateways.shelf import keys
from tasks.gateways.shelf.content import EditionContent
from tasks.gateways.shelf.datapackage import DATAPACKAGE, datapackage
from tasks.gateways.shelf.listing import FEED, LIFE, LISTING, feed, life_file, listing
from tasks.gateways.shelf.manifest import ATTACHMENTS, MANIFEST, body_on_shelf, manifest, read_manifest, sha256
from tasks.gateways.shelf.page import pages
from tasks.gateways.shelf.workbook import directory_workbook

LATEST = "latest"


class ShelfError(FilingError):
    """An edition that cannot be built or placed: one sentence that says what to do."""


def build(published: Path, content: EditionContent, key: Ed25519PrivateKey | None = None) -> Path:
    """Write all files of an edition, signed by a key, into a new hidden folder beside the editions and return that folder.

    What killed builds left behind is swept first. Raises ShelfError, leaving nothing, when the files cannot be written.
    """
    try:
        return folders.build(published, content.name, _files(content, _attached(published, content), key))
    except OSError as refused:
        raise ShelfError(
            f"edition {content.name} could not be written below {published}: {refused.strerror or refused}; "
            "the former edition stays in force: mend this and run again"
        ) from refused


def place(published: Path, built: Path, name: str) -> str:
    """Move a built folder to `published/<name>/` in one rename; returns the SHA-256 of its manifest.

    An edition already there with the same manifest, whichever key signed it, is left as it is. Raises ShelfError if
    another one has that name, or if the built folder is not what its manifest says.
    """
    digest = _digest_of_whole(built, name)
    target = published / edition_name(name)
    if target.exists():
        _require_same(target, built, name)
        folders.discard(built)
        return file_sha256(target / MANIFEST)
    folders.move(built, target)
    return digest


def point_latest(published: Path, name: str) -> None:
    """Let `published/latest` name an edition that is in place: a relative link, replaced in one step.

    What a killed publisher left beside the editions is swept first.
    """
    latest = published / LATEST
    if not (published / edition_name(name) / MANIFEST).is_file():
        raise ShelfError(f"edition {name} is not below {published}: publish it before `latest` points at it")
    if latest.exists() and not latest.is_symlink():
        raise ShelfError(f"{latest} is not a link: move it away, then run again")
    folders.sweep(published)
    if not latest.is_symlink() or latest.readlink() != Path(name):
        folders.point(latest, name)


def _attached(published: Path, content: EditionContent) -> str | None:
    """SHA-256 of the record of scans beside the edition before."""
    if not content.earlier:
        return None
    record = published / content.earlier[0][0] / ATTACHMENTS
    return file_sha256(record) if record.is_file() else None


def _files(content: EditionContent, attachments: str | None, key: Ed25519PrivateKey | None = None) -> dict[str, bytes]:
    # the page reads nothing of the others, but the manifest needs them all: it is written last
    files = {
        "directory.csv": csv_bytes(content.listed),
        LISTING: listing(content),
        "directory.xlsx": directory_workbook(content),
        "changes.csv": csv_bytes(content.changed),
        LIFE: life_file(content),
        FEED: feed(content),
        **pages(content),
    }
    files[DATAPACKAGE] = datapackage(content, files)
    sign = partial(keys.signature, key) if key else None
    digests = {name: sha256(data) for name, data in files.items()}
    return {**files, MANIFEST: manifest(content, digests, attachments, sign)}


def _digest_of_whole(built: Path, name: str) -> str:
    try:
        content = (built / MANIFEST).read_bytes()
        record = read_manifest(content)
        whole = record["edition"] == name and all(
            file_sha256(built / file) == digest for file, digest in record["files"].items()
        )
    except (OSError, ValueError) as broken:
        raise ShelfError(f"{built} is not a whole edition: {broken}; build it again") from broken
    if not whole:
        raise ShelfError(f"{built} is not the edition {name} its manifest speaks of: build it again")
    return sha256(content)


def _require_same(target: Path, built: Path, name: str) -> None:
    if body_on_shelf(target) != body_on_shelf(built):
        raise ShelfError(
            f"edition {name} is already published with other content: editions never change, take the next number"
        )
