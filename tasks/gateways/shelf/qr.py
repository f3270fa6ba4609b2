"""Codes to scan (QR) for the address of any institution's entry, in the room of some hundred codes.

A QR code is linear: its modules are sums, without carry, of the bits of its text. So the page gets the code of a blank
credit code and, for each bit of each character, the pattern that bit lays over it, and adds up what it needs; segno makes
them all.
"""

from base64 import b64encode
from typing import Any, Final

import segno

#: A credit code has 18 characters of 7 bits.
LENGTH, _BITS = 18, 7
_MASK: Final = 3


def codes(address: str) -> dict[str, Any]:
    """Size in modules, and frame and patterns as rows of bits in base64; `address`: of the page, without `#`."""
    start = f"{address}#".encode("ascii")
    frame = _modules(start + bytes(LENGTH))
    patterns = []
    for place in range(LENGTH):
        for bit in range(_BITS):
            text = bytearray(LENGTH)
            text[place] = 1 << bit
            with_bit = _modules(start + bytes(text))
            patterns.append([one ^ other for one, other in zip(frame, with_bit, strict=True)])
    size = round(len(frame) ** 0.5)
    return {"size": size, "frame": _packed(frame), "patterns": [_packed(pattern) for pattern in patterns]}


def _modules(text: bytes) -> list[int]:
    code = segno.make(text, mode="byte", error="l", boost_error=False, mask=_MASK, micro=False, encoding="latin1")
    return [int(module) for row in code.matrix for module in row]


def _packed(bits: list[int]) -> str:
    whole = bits + [0] * (-len(bits) % 8)
    octets = bytes(int("".join(map(str, whole[place : place + 8])), 2) for place in range(0, len(whole), 8))
    return b64encode(octets).decode()
