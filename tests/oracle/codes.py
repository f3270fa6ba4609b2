"""Check characters of credit codes (GB 32100-2015 with GB 11714 inside) and identity numbers (GB 11643)."""

from datetime import date

CREDIT_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_INNER_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_INNER_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
_IDENTITY_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def inner_digit(body: str) -> str:
    """GB 11714: C9 = 11 - sum(Ci*Wi) mod 11; 10 is written X, 11 is written 0."""
    total = sum(_INNER_ALPHABET.index(char) * weight for char, weight in zip(body, _INNER_WEIGHTS, strict=True))
    check = 11 - total % 11
    return {10: "X", 11: "0"}.get(check, str(check))


def credit_check(first_17: str) -> str:
    """GB 32100: C18 = 31 - sum(Ci*3^(i-1) mod 31) mod 31; 31 is written 0."""
    total = sum(CREDIT_ALPHABET.index(char) * pow(3, place, 31) for place, char in enumerate(first_17))
    return CREDIT_ALPHABET[(31 - total % 31) % 31]


def credit_code_is_valid(code: str) -> bool:
    """Length 18, alphabet, inner check digit (characters 9 to 17) and check character."""
    if len(code) != 18 or any(char not in CREDIT_ALPHABET for char in code):
        return False
    return inner_digit(code[8:16]) == code[16] and credit_check(code[:17]) == code[17]


def identity_check(first_17: str) -> str:
    """GB 11643 (ISO 7064 MOD 11-2)."""
    total = sum(int(char) * weight for char, weight in zip(first_17, _IDENTITY_WEIGHTS, strict=True))
    return "10X98765432"[total % 11]


def identity_number_is_valid(number: str) -> bool:
    """Length 18, a real date of birth, check character; the area code is not judged (former counties stay valid)."""
    if len(number) != 18 or any(char not in "0123456789" for char in number[:17]):
        return False
    try:
        date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return False
    return identity_check(number[:17]) == number[17]
