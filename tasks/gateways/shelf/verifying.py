"""Whether published editions can be believed: files and chain, and the signatures of the office's keys."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tasks.gateways.shelf import chain, keys
from tasks.gateways.shelf.manifest import MANIFEST, body_of, json_bytes, read_manifest


@dataclass(frozen=True)
class Verdict:
    """What was found of a folder: faults, one sentence each, and notes that are none."""

    faults: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def verify(folder: Path, given: Collection[str] = (), *, demanded: bool = True) -> Verdict:
    """Check `published`, or one edition in it, with nothing but the folder and the public keys `given`.

    Without a key the folder's own record of keys is believed, and a note says so. `demanded`: where there is a key, some
    edition has to be signed.
    """
    if (folder / MANIFEST).is_file():
        published, names = folder.parent, [folder.name]
        faults = chain.edition_faults(folder)
    else:
        published, names = folder, chain.edition_names(folder)
        faults = chain.verify_chain(folder)
    if not names:
        return Verdict([f"there is no edition below {folder}"])
    on_record = keys.known(published)
    believed = keys.trusted(on_record, given or [key.key for key in on_record])
    notes = [] if given else _unproved(on_record)
    manifests = {name: record for name in names if (record := _manifest(published / name)) is not None}
    faults += _signature_faults(manifests, believed, demanded=demanded and bool(believed))
    faults += [
        f"the key of {key.since} is vouched for by nobody: give it with --key once it is compared with the printed one"
        for key in on_record
        if given and key.key not in believed
    ]
    return Verdict(faults, notes)


def _unproved(on_record: list[keys.PublicKey]) -> list[str]:
    if not on_record:
        return ["no key is on record: the editions are not signed"]
    return [
        f"the key {key.key} (since {key.since}) was taken from the folder itself: compare it with the printed one, or "
        "give that with --key"
        for key in on_record
        if not key.vouched_by
    ]


def _signature_faults(manifests: Mapping[str, dict[str, Any]], believed: set[str], *, demanded: bool) -> list[str]:
    """One sentence for each signature that is wrong or missing: an edition after a signed one is signed too."""
    faults: list[str] = []
    signed: list[str] = []
    for name, record in manifests.items():
        signature = record.get("signature")
        if not isinstance(signature, dict):
            if signed:
                faults.append(f"edition {name} is not signed, and {signed[-1]} before it is")
            continue
        signed.append(name)
        key, signed_text = str(signature.get("key")), str(signature.get("ed25519"))
        if key not in believed:
            faults.append(f"edition {name} is signed by a key that is not the office's: {key!a}")
        elif not keys.holds(key, signed_text, json_bytes(body_of(record))):
            faults.append(f"edition {name}: the signature is not that of its {MANIFEST}")
    if demanded and not signed:
        faults.append("no edition is signed, though there is a key")
    return faults


def _manifest(edition: Path) -> dict[str, Any] | None:
    """The manifest as it stands, also one whose seal is broken: that fault is told by the chain."""
    try:
        content = (edition / MANIFEST).read_bytes()
        return read_manifest(content)
    except OSError:
        return None
    except ValueError:
        try:
            record = json.loads(content)
        except ValueError:
            return None
        return record if isinstance(record, dict) else None
