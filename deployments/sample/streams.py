"""Repeatable chance for made data: a stream per subject, so that one institution's data never move another's."""

from random import Random


def stream(*subject: object) -> Random:
    """A generator for a subject (seed, cycle, credit code, purpose …); the same subject gives the same numbers."""
    return Random("|".join(str(part) for part in subject))  # noqa: S311  made data; nothing here is a secret
