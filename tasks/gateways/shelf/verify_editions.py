"""Check the editions beside this file with nothing but Python: python3 verify.py KEY [KEY ...]; 0 if all is as published.

KEY: each public key as the office printed it. Signatures: Ed25519 (RFC 8032) over the manifest without seal and signature.
"""

import base64
import hashlib
import json
import sys
from pathlib import Path
from typing import Any

P, Q = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
D, ROOT = -121665 * pow(121666, -1, P) % P, pow(2, (P - 1) // 4, P)


def point(octets: bytes) -> tuple[int, int]:
    odd, y = divmod(int.from_bytes(octets, "little"), 2**255)
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    x = x if (x * x - square) % P == 0 else x * ROOT % P
    if (x * x - square) % P or odd > 1 or y >= P:
        raise ValueError("no point of the curve")
    return x if x % 2 == odd else P - x, y


def add(a: tuple[int, int], b: tuple[int, int]) -> tuple[int, int]:
    k = D * a[0] * b[0] * a[1] * b[1]
    return (a[0] * b[1] + b[0] * a[1]) * pow(1 + k, -1, P) % P, (a[1] * b[1] + a[0] * b[0]) * pow(1 - k, -1, P) % P


def times(factor: int, a: tuple[int, int]) -> tuple[int, int]:
    total = (0, 1)
    while factor:
        total, a, factor = add(total, a) if factor & 1 else total, add(a, a), factor >> 1
    return total


def is_signed(key: bytes, signature: bytes, message: bytes) -> bool:
    s, base = int.from_bytes(signature[32:], "little"), point((4 * pow(5, -1, P) % P).to_bytes(32, "little"))
    h = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % Q
    return s < Q and times(s, base) == add(point(signature[:32]), times(h, point(key)))


def text(record: object) -> bytes:
    return (json.dumps(record, ensure_ascii=False, indent=2) + "\n").encode()


def faults(folder: Path, record: dict[str, Any], keys: list[str]) -> list[str]:
    body = {name: value for name, value in record.items() if name not in ("seal", "signature")}
    found = [] if record["edition"] == folder.name else ["manifest.json"]
    if "signature" in record:
        key, signature = record["signature"]["key"], base64.b64decode(record["signature"]["ed25519"])
        found += [] if key in keys and is_signed(base64.b64decode(key), signature, text(body)) else ["signature"]
    for name, digest in record["files"].items():
        there = folder / name
        found += [] if there.is_file() and hashlib.sha256(there.read_bytes()).hexdigest() == digest else [name]
    return found


def check(shelf: Path, keys: list[str]) -> list[tuple[str, str]]:
    found, names, before, unsigned = [], {}, {}, set()
    for path in sorted(shelf.glob("2*/manifest.json")):
        name, content = path.parent.name, path.read_bytes()
        try:
            record = json.loads(content)
            found += [(name, fault) for fault in faults(path.parent, record, keys)]
            names[hashlib.sha256(content).hexdigest()], before[name] = name, record["previous_manifest_sha256"]
            unsigned |= set() if "signature" in record else {name}
        except (ValueError, KeyError, TypeError, AttributeError):
            found.append((name, "manifest.json"))
    for (
        name,
        digest,
    ) in before.items():  # an unsigned edition is proved by a later one that is signed, not by an earlier
        if digest and (digest not in names or (name in unsigned and names[digest] not in unsigned)):
            found.append((name, "its place after the edition before it"))
    if unsigned == set(before) or list(before.values()).count(None) != 1:
        found.append(("all", "signatures, or the first edition"))
    return found


if __name__ == "__main__":
    wrong = check(Path(__file__).resolve().parent, sys.argv[1:])
    for edition, what in wrong:
        print(f"{edition}: {what!a}: missing, changed, or not the office's")  # noqa: T201  a command's own answer
    print("faults:", len(wrong))  # noqa: T201
    sys.exit(1 if wrong else 0)
