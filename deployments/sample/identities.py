"""Made credit codes and identity numbers that satisfy their standards."""

from collections.abc import Sequence
from datetime import date
from random import Random

#: GB 32100-2015: digits and capital letters without I, O, S, V, Z.
CREDIT_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"

_CREDIT_WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
_ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
_RESIDENT_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_RESIDENT_CHECKS = "10X98765432"


def organisation_code(body: str) -> str:
    """Eight characters with their check character (GB 11714-1997: weighted sum of base 36 digits, modulo 11)."""
    total = sum(int(character, 36) * weight for character, weight in zip(body, _ORGANISATION_WEIGHTS, strict=True))
    return body + "0123456789X0"[11 - total % 11]


def credit_code(prefix: str, area: str, body: str) -> str:
    """A unified social credit code: department and type `prefix`, six area digits, an organisation body.

    GB 32100-2015: check character from the weighted sum modulo 31.
    """
    stem = prefix + area + organisation_code(body)
    total = sum(CREDIT_ALPHABET.index(c) * weight for c, weight in zip(stem, _CREDIT_WEIGHTS, strict=True))
    return stem + CREDIT_ALPHABET[-total % 31]


def resident_number(area: str, born: date, order: int) -> str:
    """An 18-character citizen identity number (GB 11643-1999); `order` 0 to 999, odd for men."""
    stem = f"{area}{born:%Y%m%d}{order:03d}"
    total = sum(int(digit) * weight for digit, weight in zip(stem, _RESIDENT_WEIGHTS, strict=True))
    return stem + _RESIDENT_CHECKS[total % 11]


def someone(rng: Random, areas: Sequence[str]) -> str:
    """The identity number of a made grown-up, born in one of these registration areas."""
    born = date.fromordinal(rng.randint(date(1966, 1, 1).toordinal(), date(1997, 12, 31).toordinal()))
    return resident_number(rng.choice(areas), born, rng.randint(1, 999))


def mistyped(number: str, rng: Random) -> str:
    """The number with two unlike neighbouring digits swapped, as fingers do; the checks of both standards catch it."""
    places = [i for i in range(8, 16) if number[i] != number[i + 1] and number[i : i + 2].isdigit()]
    if not places:
        return number[:-1] + ("1" if number[-1] != "1" else "2")
    at = rng.choice(places)
    return number[:at] + number[at + 1] + number[at] + number[at + 2 :]
