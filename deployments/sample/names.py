"""Made names, addresses and telephones as they look in Huangshi; they belong to nobody, and likeness is chance."""

from random import Random
from typing import Any

from deployments.sample.trades import TRADES, Trade, read

__all__ = ["REGIONS", "TRADES", "address", "awkward", "institution", "person", "telephone"]

_DATA = read("names.toml")

#: Street and place words by region code.
REGIONS: dict[str, dict[str, Any]] = _DATA["regions"]


def person(rng: Random) -> str:
    """A person's name of two or three characters; seldom one with a rare character or a middle dot."""
    if rng.random() < 0.004:  # noqa: PLR2004  a few in a thousand
        return str(rng.choice(_DATA["rare_people"]))
    given = rng.sample(_DATA["given"], 1 if rng.random() < 0.2 else 2)  # noqa: PLR2004  one in five has a single given character
    return str(rng.choice(_DATA["surnames"])) + "".join(given)


def awkward(number: int, institution_type: str) -> str:
    """A legal name that is hard on tables and files, for a few numbers; else empty."""
    known = _DATA["awkward"].get(str(number), {"type": "", "name": ""})
    return str(known["name"]) if known["type"] == institution_type else ""


def institution(institution_type: str, grade: int, region_code: str, trade: Trade, rng: Random) -> str:
    """A name of the type; `grade` is the highest level a school trains up to, which its name tells."""
    place = REGIONS[region_code].get("short", rng.choice(_DATA["places"]))
    brand = rng.choice(_DATA["brand_first"]) + rng.choice(_DATA["brand_second"])
    word = rng.choice(trade.words)
    if institution_type == "technical_school":
        return f"{place}{brand}{word}{_DATA['school_kinds'][str(grade)]}"
    return f"{place}{brand}{word}{rng.choice(_DATA['forms'][institution_type])}"


def address(region_code: str, rng: Random) -> str:
    """A street address in a region."""
    region = REGIONS[region_code]
    return f"{region['place']}{rng.choice(region['streets'])}{rng.randint(1, 399)}号"


def telephone(rng: Random) -> str:
    """A mainland mobile number, or a landline with Huangshi's area code."""
    if rng.random() < 0.3:  # noqa: PLR2004  three offices in ten give the landline
        return f"0714-6{rng.randint(200000, 599999)}"
    return f"1{rng.choice('35789')}{rng.randint(0, 9)}{rng.randint(0, 99999999):08d}"
