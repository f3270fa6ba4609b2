"""Whether what is published can be believed: files and chain, and the signatures of the office's keys."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tasks.gateways.paper.visible_text import visible
from tasks.gateways.shelf import chain, keys, public_notices
from tasks.gateways.shelf.manifest import MANIFEST, body_of, json_bytes, read_manifest


@dataclass(frozen=True)
class Verdict:
    """The faults of a folder, one sentence each, and what is worth noting without being a fault."""

    faults: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def verify(folder: Path, given: Collection[str] = (), *, demanded: bool = True) -> Verdict:
    """Check `published`, or one edition or public notice in it, with nothing but the folder and the public keys `given`.

    Without a key the folder's own record of keys is believed, and a note says so. `demanded`: where there is a key, some
    edition has to be signed.
    """
    published, editions, notices, faults = _looked_at(folder)
    if not editions and not notices:
        return Verdict([f"there is no edition or public notice below {folder}"])
    on_record = keys.known(published)
    believed = keys.trusted(on_record, given or [key.key for key in on_record])
    notes = [] if given else _unproved(on_record)
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
        f"the key of {key.since} is vouched for by nobody: give it with --key once it is compared with the printed one"
        for key in on_record
        if given and key.key not in believed
    ]
    return Verdict(faults, notes)


def _looked_at(folder: Path) -> tuple[Path, list[Path], list[Path], list[str]]:
    """The folder of all that is published, the editions and the notices to look at, and the faults of their files."""
    if (folder / MANIFEST).is_file() and folder.parent.name == public_notices.FOLDER:
        return folder.parent.parent, [], [folder], public_notices.notice_faults(folder)
    if (folder / MANIFEST).is_file():
        return folder.parent, [folder], [], chain.edition_faults(folder)
    notices = [folder / public_notices.FOLDER / name for name in public_notices.names(folder)]
    faults = [*chain.verify_chain(folder), *(fault for path in notices for fault in public_notices.notice_faults(path))]
    return folder, [folder / name for name in chain.edition_names(folder)], notices, faults


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
