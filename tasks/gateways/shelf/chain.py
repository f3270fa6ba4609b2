"""Whether what is published can be believed: every file and link still what it was, and the signatures of the office's keys."""

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from schemas.run import Head
from tasks.gateways.disk.files import file_sha256
from tasks.gateways.paper.visible_text import visible
from tasks.gateways.shelf import keys, manifest, public_notices
from tasks.gateways.shelf.editions import LATEST
from tasks.gateways.shelf.manifest import MANIFEST, body_of, json_bytes, read_manifest

_EDITION = re.compile(r"(\d{4})-(\d{2})\.(\d+)")


def verify_chain(published: Path, on_record: Mapping[str, str] | None = None) -> list[str]:
    """One sentence for each fault, the first broken link first; an empty list when all is as it was published.

    `known` maps edition names to the SHA-256 of their manifests as recorded when they were placed: with it, a missing
    newest edition and a manifest rewritten together with its seal are found too.
    """
    on_record = on_record or {}
    names = edition_names(published)
    missing = [
        f"edition {name} is missing below {published}" for name in sorted(set(on_record) - set(names), key=_order)
    ]
    records: dict[str, dict[str, Any]] = {}
    digests: dict[str, str] = {}
    faults: list[str] = []
    for name in names:
        try:
            content = (published / name / MANIFEST).read_bytes()
            digests[name] = file_sha256(published / name / MANIFEST)
            records[name] = _edition_record(content)
        except (OSError, ValueError) as broken:
            faults.append(f"edition {name}: {MANIFEST} cannot be relied on: {broken}")
            continue
        if on_record.get(name, digests[name]) != digests[name]:
            faults.append(f"edition {name}: {MANIFEST} is not the one that was published")
        faults += _file_faults(published / name, records[name])
    return [*missing, *_link_faults(records, digests), *faults, *_latest_faults(published, names)]


def edition_faults(folder: Path) -> list[str]:
    """One sentence for each fault of one edition by itself."""
    try:
        record = _edition_record((folder / MANIFEST).read_bytes())
    except (OSError, ValueError) as broken:
        return [f"edition {folder.name}: {MANIFEST} cannot be relied on: {broken}"]
    return _file_faults(folder, record)


def _edition_record(content: bytes) -> dict[str, Any]:
    """The manifest of an edition; raises ValueError for any other, also for that of a public notice."""
    record = read_manifest(content)
    if not {"edition", "as_of", "previous_manifest_sha256"} <= set(record):
        raise ValueError("it is not that of an edition")
    return record


def heads(published: Path) -> dict[str, Head]:
    """The history each edition was drafted from, as its manifest records it; an older release recorded none."""
    heads_by_name = {}
    for name in edition_names(published):
        try:
            heads_by_name[f"edition {name}"] = Head.model_validate(
                read_manifest((published / name / MANIFEST).read_bytes())["history"]
            )
        except (OSError, ValueError, KeyError):
            continue  # verify_chain reports what is broken
    return heads_by_name


def edition_names(published: Path) -> list[str]:
    """The editions on the shelf, oldest first by cycle and number."""
    if not published.is_dir():
        return []
    return sorted((path.name for path in published.iterdir() if _EDITION.fullmatch(path.name)), key=_order)


def _order(name: str) -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"\d+", name)))


def files_below(folder: Path) -> set[str]:
    """The files of an edition, also those one folder below, `list/1.html`; what is no file is named as well."""
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_symlink() or not path.is_dir()}


def _file_faults(folder: Path, record: Mapping[str, Any]) -> list[str]:
    listed: dict[str, str] = record["files"]
    names = files_below(folder) - {MANIFEST, manifest.ATTACHMENTS}
    try:
        attached = manifest.recorded(folder)
    except ValueError as broken:
        return [f"edition {folder.name}: {manifest.ATTACHMENTS} cannot be relied on: {broken}"]
    faults = [f"edition {folder.name}: {visible(name)} is missing" for name in sorted(set(listed) - names)]
    faults += [
        f"edition {folder.name}: {visible(name)} does not belong to it"
        for name in sorted(names - set(listed) - set(attached))
    ]
    faults += manifest.faults(folder, attached)
    faults += [
        f"edition {folder.name}: {visible(name)} was changed after it was published"
        for name in sorted(names & set(listed))
        if not (folder / name).is_file() or file_sha256(folder / name) != listed[name]
    ]
    if record["edition"] != folder.name:
        faults.append(f"edition {folder.name}: its {MANIFEST} is that of {visible(str(record['edition']))}")
    return faults


def _link_faults(records: Mapping[str, Mapping[str, Any]], digests: Mapping[str, str]) -> list[str]:
    by_digest = {digest: name for name, digest in digests.items()}
    followers: dict[str | None, str] = {}
    faults = []
    for place, name in enumerate(digests):
        if name not in records:
            continue
        previous = records[name]["previous_manifest_sha256"]
        if previous in followers:
            after = f"follow {by_digest.get(previous, 'the same edition')}" if previous else "claim to be the first"
            faults.append(f"the chain is broken: {followers[previous]} and {name} both {after}")
        elif previous is not None and previous not in by_digest:
            suspect = list(digests)[place - 1] if place else "the edition before it"
            faults.append(
                f"the chain is broken at {name}: the manifest it follows (SHA-256 {previous[:12]}…) "
                f"is not on the shelf; {suspect} was changed or an edition is missing"
            )
        followers.setdefault(previous, name)
    return faults


def _latest_faults(published: Path, names: list[str]) -> list[str]:
    latest = published / LATEST
    if not names or (latest.is_symlink() and latest.readlink().name in names and latest.exists()):
        return []
    return [f"{latest} does not point at an edition: run the publication again"]


@dataclass(frozen=True)
class Verdict:
    """The faults of a folder, one sentence each, and what is worth noting without being a fault."""

    faults: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def verify(folder: Path, trusted_keys: Collection[str] = (), *, demanded: bool = True) -> Verdict:
    """Check `published`, or one edition or public notice in it, with nothing but the folder and the public keys `given`.

    Without a key the folder's own record of keys is believed, and a note says so. `demanded`: where there is a key, some
    edition has to be signed.
    """
    published, editions, notices, faults = _looked_at(folder)
    if not editions and not notices:
        return Verdict([f"there is no edition or public notice below {folder}"])
    on_record = keys.public_keys(published)
    believed = keys.trusted(on_record, trusted_keys or [key.key for key in on_record])
    notes = [] if trusted_keys else _unproved(on_record)
    records = {f"edition {path.name}": record for path in editions if (record := _manifest(path)) is not None}
    signed = [title for title, record in records.items() if isinstance(record.get("signature"), dict)]
    faults += _unsigned_after_signed(list(records), signed)
    if demanded and believed and editions and not signed:
        faults.append("no edition is signed, though there is a key")
    records |= {
        f"public notice {visible(path.name)}": record for path in notices if (record := _manifest(path)) is not None
    }
    faults += _signature_faults(records, believed)
    faults += [
        f"the key {key.key} of {key.since} is vouched for by nobody: compare it with the printed one, then give it with --key"
        for key in on_record
        if trusted_keys and key.key not in believed
    ]
    return Verdict(faults, notes)


def _looked_at(folder: Path) -> tuple[Path, list[Path], list[Path], list[str]]:
    """The folder of all that is published, the editions and the notices to look at, and the faults of their files."""
    if (folder / MANIFEST).is_file() and folder.parent.name == public_notices.FOLDER:
        return folder.parent.parent, [], [folder], public_notices.notice_faults(folder)
    if (folder / MANIFEST).is_file():
        return folder.parent, [folder], [], edition_faults(folder)
    notices = [folder / public_notices.FOLDER / name for name in public_notices.names(folder)]
    faults = [*verify_chain(folder), *(fault for path in notices for fault in public_notices.notice_faults(path))]
    return folder, [folder / name for name in edition_names(folder)], notices, faults


def _unproved(on_record: list[keys.PublicKey]) -> list[str]:
    if not on_record:
        return ["no key is on record: the editions are not signed"]
    return [
        f"the key {key.key} (since {key.since}) was taken from the folder itself: compare it with the printed one, or "
        "give that with --key"
        for key in on_record
        if not key.vouched_by
    ]


def _unsigned_after_signed(editions: list[str], signed: list[str]) -> list[str]:
    """One sentence for each edition that is not signed though one before it is."""
    faults, before = [], ""
    for title in editions:
        if title in signed:
            before = title.removeprefix("edition ")
        elif before:
            faults.append(f"{title} is not signed, and {before} before it is")
    return faults


def _signature_faults(records: Mapping[str, dict[str, Any]], believed: set[str]) -> list[str]:
    """One sentence for each signature that is wrong, or missing though something older is signed."""
    faults: list[str] = []
    days = [_day(record) for record in records.values() if isinstance(record.get("signature"), dict)]
    since = min(days, default="9999")
    for title, record in records.items():
        signature = record.get("signature")
        if not isinstance(signature, dict):
            if _day(record) > since and "notice" in record:
                faults.append(f"{title} is not signed, and what was published on {since} is")
            continue
        key, signed_text = str(signature.get("key")), str(signature.get("ed25519"))
        if key not in believed:
            faults.append(f"{title} is signed by a key that is not the office's: {key!a}")
        elif not keys.holds(key, signed_text, json_bytes(body_of(record))):
            faults.append(f"{title}: the signature is not that of its {MANIFEST}")
    return faults


def _day(record: Mapping[str, Any]) -> str:
    return str(record.get("as_of", record.get("published_on", "")))


def _manifest(folder: Path) -> dict[str, Any] | None:
    """The manifest as it stands, also one whose seal is broken: that fault is named with the files."""
    try:
        content = (folder / MANIFEST).read_bytes()
        return read_manifest(content)
    except OSError:
        return None
    except ValueError:
        try:
            record = json.loads(content)
        except ValueError:
            return None
        return record if isinstance(record, dict) else None
