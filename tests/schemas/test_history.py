"""The digest of a history entry is what it has always been: every chain ever written must still hold."""

from schemas.history import CHAINED, GENESIS, digest

ENTRY = (1, "item", "HS-1", "6-18-01-01", "4", "screened", "accepted", '初审"，', "filing", "2026-09-11", "run\\1")


def test_an_entry_written_long_ago_still_has_its_digest() -> None:
    assert len(ENTRY) == len(CHAINED)
    assert digest(GENESIS, ENTRY) == "378d33ee40848255d98fcba19f6a41835e624f45d524741bc875747582b3dcc8"


def test_every_value_and_the_digest_before_count() -> None:
    told = digest(GENESIS, ENTRY)
    others = [(*ENTRY[:place], "else", *ENTRY[place + 1 :]) for place in range(len(ENTRY))]
    assert len({told, digest(told, ENTRY), *(digest(GENESIS, other) for other in others)}) == len(ENTRY) + 2
