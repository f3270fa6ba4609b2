"""The digest of a history entry is what it has always been: every chain ever written must still hold."""

from datetime import date

from schemas.history import CHAINED, GENESIS, digest, facts_of, facts_text

ENTRY = (
    1,
    "item",
    "HS-1",
    "6-18-01-01",
    "",
    "4",
    "screened",
    "accepted",
    '初审"，',
    "{}",
    "filing",
    "2026-09-11",
    "run\\1",
)


def test_an_entry_written_long_ago_still_has_its_digest() -> None:
    assert len(ENTRY) == len(CHAINED)
    assert digest(GENESIS, ENTRY) == "8ed1ae8ba1669e3e35402935d79d61e668ac419b15a74c5bc761d3f32726b068"


def test_every_value_and_the_digest_before_count() -> None:
    first = digest(GENESIS, ENTRY)
    others = [(*ENTRY[:place], "else", *ENTRY[place + 1 :]) for place in range(len(ENTRY) - 1)]
    assert len({first, digest(first, ENTRY), *(digest(GENESIS, other) for other in others)}) == len(ENTRY) + 1


def test_the_same_acts_have_the_same_digests_in_whatever_run() -> None:
    assert digest(GENESIS, (*ENTRY[:-1], "another run")) == digest(GENESIS, ENTRY)


def test_facts_are_the_same_text_whatever_their_order() -> None:
    text = facts_text(valid_until=date(2029, 6, 1), filed_on="2026-06-02", application_no=None)
    assert text == '{"filed_on":"2026-06-02","valid_until":"2029-06-01"}'
    assert text == facts_text(filed_on="2026-06-02", valid_until="2029-06-01")
    assert facts_of(text) == {"filed_on": "2026-06-02", "valid_until": "2029-06-01"}
