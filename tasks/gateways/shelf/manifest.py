"""The records of an edition: its manifest (its files, their SHA-256, the edition before), and the signed scans beside it."""

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import orjson
from pydantic import TypeAdapter

from schemas.errors import RefusedError
from schemas.policy import Policy
from tasks.gateways.disk import files
from tasks.gateways.paper.visible_text import visible
from tasks.gateways.shelf.content import EditionContent

MANIFEST = "manifest.json"


def sha256(content: bytes) -> str:
    """Lower-case hexadecimal SHA-256."""
    return hashlib.sha256(content).hexdigest()


def json_bytes(value: object) -> bytes:
    """JSON for people and programs: UTF-8, two spaces, keys in the order given, a line break at the end."""
    return orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def policy_record(policy: Policy) -> dict[str, str]:
    """Which policy something was published under."""
    return {"name": policy.name, "document": policy.document, "in_force_from": policy.in_force_from.isoformat()}


def manifest(
    content: EditionContent,
    files: Mapping[str, str],
    attachments: str | None = None,
    sign: Callable[[bytes], dict[str, str]] | None = None,
) -> bytes:
    """The manifest of an edition whose files have these SHA-256 (contract section 6).

    `attachments`: SHA-256 of the record of signed scans beside the edition before, where it has any. `seal` is the
    SHA-256 of the manifest without it: the newest manifest, which no later one names yet, must also show a changed byte.
    `sign` signs the same text; `history` is where the history stood when the edition was drafted.
    """
    body: dict[str, Any] = {
        "edition": content.name,
        "cycle": content.cycle,
        "as_of": content.as_of.isoformat(),
        "policy": policy_record(content.policy),
        "rows": len(content.rows),
        "changes": content.counts,
        "files": {name: files[name] for name in sorted(files)},
        "previous_manifest_sha256": content.previous_manifest_sha256,
    }
    if attachments is not None:
        body["previous_attachments_sha256"] = attachments
    if content.history.entry:
        body["history"] = content.history.model_dump()
    return sealed(body, sign)


def sealed(body: Mapping[str, Any], sign: Callable[[bytes], dict[str, str]] | None = None) -> bytes:
    """A record with its seal, and a signature where it is to have one, as bytes."""
    signature = {"signature": sign(json_bytes(body))} if sign else {}
    return json_bytes({**body, "seal": _seal(body), **signature})


def body_of(record: Mapping[str, Any]) -> dict[str, Any]:
    """What seal and signature of a record speak of."""
    return {key: value for key, value in record.items() if key not in ("seal", "signature")}


def read_manifest(content: bytes) -> dict[str, Any]:
    """A manifest whose seal and form are whole; raises ValueError with the reason for any other."""
    try:
        record = json.loads(content)
    except ValueError as broken:
        raise ValueError("it is not JSON any more") from broken
    if not isinstance(record, dict) or not isinstance(record.get("files"), dict):
        raise ValueError("it does not list the files of an edition")  # noqa: TRY004  a broken file, not a wrong call
    if record.get("seal") != _seal(body_of(record)) or json_bytes(record) != content:
        raise ValueError("it was changed after it was written")
    return record


def body_on_shelf(folder: Path) -> dict[str, Any] | None:
    """What the manifest of an edition or notice says, but for its signature: a key may have been lost since.

    None if it is not whole.
    """
    try:
        return body_of(read_manifest((folder / MANIFEST).read_bytes()))
    except (OSError, ValueError):
        return None


def _seal(body: Mapping[str, Any]) -> str:
    return sha256(json_bytes(body))


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
