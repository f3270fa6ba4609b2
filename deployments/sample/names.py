"""Made names of people and institutions; they belong to nobody, and likeness is chance."""

from random import Random

from deployments.sample.trades import Trade, read

_DATA = read("names.toml")


def person(rng: Random) -> str:
    """A person's name of two or three characters; seldom one with a rare character or a middle dot."""
    if rng.random() < 0.004:  # noqa: PLR2004  a few in a thousand
        return str(rng.choice(_DATA["rare_people"]))
    given = rng.sample(_DATA["given"], 1 if rng.random() < 0.2 else 2)  # noqa: PLR2004  one in five has a single given character
    return str(rng.choice(_DATA["surnames"])) + "".join(given)


def institution(institution_type: str, title: str, grade: str, place: str, trade: Trade, rng: Random) -> str:
    """A name that ends as those of its type do, else with the type's title.

    `grade`: the highest level it trains up to, which the name of a school may show.
    """
    name = place + rng.choice(_DATA["brand_first"]) + rng.choice(_DATA["brand_second"]) + rng.choice(trade.words)
    if graded := _DATA["graded_forms"].get(institution_type):
        return f"{name}{graded.get(grade, title)}"
    return f"{name}{rng.choice(_DATA['forms'].get(institution_type, [title]))}"
