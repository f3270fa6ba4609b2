"""Check the editions and public notices beside this file: python3 verify.py KEY [KEY ...], keys as the office printed them.

Plain Python and nothing else. A manifest proves its files by their SHA-256, a signature (Ed25519, RFC 8032) the manifest, and
each edition all those before it. Ends with 0 if everything is as published.
"""

import json
import sys
from base64 import b64decode
from hashlib import sha256, sha512
from pathlib import Path

P, Q = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493  # of the field, and of the points that sign
LINK = "previous_manifest_sha256"
D = -121665 * pow(121666, -1, P)  # of the curve: y² - x² = 1 + D x² y²


def point(y: int, odd: int) -> tuple[int, int]:
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    x = x if x * x % P == square else x * pow(2, (P - 1) // 4, P) % P
    return x if x % 2 == odd else P - x, y


def add(a: tuple[int, int], b: tuple[int, int]) -> tuple[int, int]:
    k = D * a[0] * b[0] * a[1] * b[1]
    return (a[0] * b[1] + b[0] * a[1]) * pow(1 + k, -1, P) % P, (a[1] * b[1] + a[0] * b[0]) * pow(1 - k, -1, P) % P


def times(n: int, a: tuple[int, int]) -> tuple[int, int]:
    return add(times(n - 1, a), a) if n % 2 else times(n // 2, add(a, a)) if n else (0, 1)


def is_signed(key: str, signed: str, message: bytes, keys: list[str]) -> bool:
    public, r, s = b64decode(key), b64decode(signed)[:32], int.from_bytes(b64decode(signed)[32:], "little")
    odd, y = divmod(int.from_bytes(public, "little"), 2**255)
    minus = times(Q - int.from_bytes(sha512(r + public + message).digest(), "little") % Q, point(y, odd))
    x, y = add(times(s, point(4 * pow(5, -1, P) % P, 0)), minus)
    return key in keys and s < Q and (x % 2 * 2**255 + y).to_bytes(32, "little") == r


def digest_of(file: Path) -> str:
    return sha256(file.read_bytes()).hexdigest() if file.is_file() else "none"


def check(shelf: Path, keys: list[str]) -> list[str]:
    wrong: list[str] = []
    seen: list[tuple[str, str, bool, str, object]] = []  # name, day, if signed, digest, and the digest it follows
    for path in sorted([*shelf.glob("2*/manifest.json"), *shelf.glob("notices/*/manifest.json")]):
        folder, name = path.parent, path.parent.relative_to(shelf).as_posix()
        kind, at, link = ("notice", "published_on", "notice") if "/" in name else ("edition", "as_of", LINK)
        try:
            record = json.loads(path.read_bytes())
            signature, _ = record.pop("signature", None), record.pop("seal", None)
            seen.append((name, str(record[at]), signature is not None, digest_of(path), record[link]))
            message = (json.dumps(record, ensure_ascii=False, indent=2) + "\n").encode()
            if signature is not None and not is_signed(signature["key"], signature["ed25519"], message, keys):
                wrong.append(f"{name}: signature")
            files = {**record["files"], "manifest.json": digest_of(path) if record[kind] == folder.name else ""}
            wrong += [f"{name}: {file}" for file, digest in files.items() if digest_of(folder / file) != digest]
        except (ValueError, KeyError, TypeError, AttributeError):
            wrong.append(f"{name}: manifest.json")
    since = min((day for _, day, signed, *_ in seen if signed), default="")
    wrong += [f"{name}: signature" for name, day, signed, *_ in seen if day > since and not signed]
    followed = [before for *_, before in seen]
    newest = [signed for name, _, signed, digest, _ in seen if "/" not in name and digest not in followed]
    if newest and (newest != [True] or None not in followed):
        wrong.append("an edition is missing, was added, or the newest is not signed")
    return wrong


if __name__ == "__main__":
    faults = check(Path(__file__).resolve().parent, sys.argv[1:])
    print(*(f"not as published: {fault!a}" for fault in faults), f"faults: {len(faults)}", sep="\n")  # noqa: T201
    sys.exit(1 if faults else 0)
