"""Signed scans put beside an edition: each with its hash in `attachments.json`, which the next manifest names."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter

from schemas.errors import RefusedError
from tasks.gateways.disk import files
from tasks.gateways.paper.visible_text import visible
from tasks.gateways.shelf.manifest import MANIFEST, json_bytes, sha256

ATTACHMENTS: Final = "attachments.json"
_RECORD: Final = TypeAdapter(dict[str, str])


class UnfitAttachmentError(RefusedError, ValueError):
    """A file that cannot be put beside an edition: one sentence."""


def attach(published: Path, edition: str, file: Path) -> Path:
    """Put a PDF beside an edition, and its hash into the edition's `attachments.json`; again changes nothing.

    No file of the edition changes. Raises UnfitAttachmentError.
    """
    folder = published / edition
    if not (folder / MANIFEST).is_file():
        raise UnfitAttachmentError(f"edition {edition} is not below {published}: `filing status` names the editions")
    content = file.read_bytes()
    if file.suffix.lower() != ".pdf" or not content.startswith(b"%PDF-"):
        raise UnfitAttachmentError(f"{file} is no PDF file: scan the signed announcement as PDF, then attach it")
    digests, name = recorded(folder), files.safe_name(file.name)
    if digests.get(name, sha256(content)) != sha256(content) or (name not in digests and (folder / name).exists()):
        raise UnfitAttachmentError(f"edition {edition} has another file {name}: give the scan a name of its own")
    files.put(folder, name, content)
    files.put(folder, ATTACHMENTS, json_bytes(dict(sorted({**digests, name: sha256(content)}.items()))))
    return folder / name


def recorded(folder: Path) -> dict[str, str]:
    """The attachments of an edition: names to SHA-256; raises ValueError for a record that cannot be read."""
    path = folder / ATTACHMENTS
    if not path.is_file():
        return {}
    return _RECORD.validate_json(path.read_bytes())


def faults(folder: Path, digests: Mapping[str, str]) -> list[str]:
    """One sentence for each attachment that is not what was attached."""
    return [
        f"edition {folder.name}: the attachment {visible(name)} is missing or was changed after it was attached"
        for name, digest in sorted(digests.items())
        if not (folder / name).is_file() or files.file_sha256(folder / name) != digest
    ]
