"""Mishaps of the application form and of who files: each spoils one made application in one way."""

from collections.abc import Callable
from datetime import timedelta

import codes
import values
from made_filings import MadeFiling, World, committed, paper, spelled_moment

Mishap = Callable[[World, MadeFiling], None]
MISHAPS: dict[str, Mishap] = {}
EDGES: dict[str, Mishap] = {}  # what the contract's text leaves open


def mishap(spoil: Mishap) -> Mishap:
    """Enter a function under its own name as a mishap that any cycle may have."""
    MISHAPS[spoil.__name__] = spoil
    return spoil


def edge(spoil: Mishap) -> Mishap:
    """Enter a function as one that only cycles made with edges have."""
    EDGES[spoil.__name__] = spoil
    return spoil


@mishap
def required_field_blank(world: World, filing: MadeFiling) -> None:
    kept = ("application_no", "cycle", "contact_email", "withdrawn")
    names = [name for name in filing.form if name not in kept]
    for name in world.rng.sample(names, world.rng.choice((1, 1, 2))):
        filing.form[name] = ""


@mishap
def field_unreadable(world: World, filing: MadeFiling) -> None:
    text = {
        "kind": "变更",
        "institution_type": "事业单位",
        "affiliation": "县级",
        "submitted_at": world.rng.choice(("昨天上午", "2026-13-05T10:00:00", "2025-02-30T09:00:00")),
        "social_insurance": "部分参保",
        "no_violations": "不详",
    }
    name = world.rng.choice(sorted(text))
    filing.form[name] = text[name]


@mishap
def credit_code_wrong(world: World, filing: MadeFiling) -> None:
    """Check character, inner digit with the outer one right, a letter outside the alphabet, or the length."""
    rng, code = world.rng, filing.form["uscc"] or filing.institution.uscc
    way = rng.choice(("check", "inner", "letter", "short", "any"))
    if way == "check":
        code = code[:17] + rng.choice([char for char in codes.CREDIT_ALPHABET if char != code[17]])
    elif way == "inner":
        wrong = rng.choice([char for char in "0123456789X" if char != code[16]])
        code = code[:16] + wrong + codes.credit_check(code[:16] + wrong)
    elif way == "letter":
        place = rng.randrange(8, 16)
        code = code[:place] + rng.choice("IOZSV") + code[place + 1 :]
    elif way == "short":
        code = code[:17]
    else:
        place = rng.randrange(2, 17)
        code = code[:place] + rng.choice([char for char in "0123456789" if char != code[place]]) + code[place + 1 :]
    filing.form["uscc"] = code


@mishap
def credit_code_of_another_registrar(world: World, filing: MadeFiling) -> None:
    prefix = world.rng.choice(("11", "13", "32", "54", "81", "92", "A1", "N1", "Y1", "93", "51", "12", "91"))
    filing.form["uscc"] = world.make.credit_code(prefix, world.areas[0])


@mishap
def credit_code_of_another_area(world: World, filing: MadeFiling) -> None:
    area = world.rng.choice(("420106", "110105", "421202", "429004", "100000"))
    filing.form["uscc"] = world.make.credit_code(filing.form["uscc"][:2] or "91", area)


@mishap
def region_elsewhere(world: World, filing: MadeFiling) -> None:
    filing.form["region_code"] = world.rng.choice(("420106", "420200", "HS-XX", "武汉市"))


@mishap
def not_insured(world: World, filing: MadeFiling) -> None:
    filing.form["social_insurance"] = world.rng.choice(("false", "否"))


@mishap
def violations_on_record(world: World, filing: MadeFiling) -> None:
    filing.form["no_violations"] = world.rng.choice(("false", "否"))


@mishap
def phone_wrong(world: World, filing: MadeFiling) -> None:
    filing.form["contact_phone"] = world.rng.choice(("6512345", "1381234567", "138123456789", "12345678901", "无"))


@mishap
def outside_the_window(world: World, filing: MadeFiling) -> None:
    opens = values.midnight(world.policy.window_opens(world.cycle))
    closes = values.midnight(values.day_after(world.facts.deadline))
    early = timedelta(seconds=world.rng.choice((1, 3600, 86400, 30 * 86400)))
    moment = opens - early
    if world.until > world.facts.deadline and world.rng.random() < 0.7:
        moment = closes + timedelta(seconds=world.rng.choice((1, 3600)))
    filing.form["submitted_at"] = spelled_moment(world.rng, moment)


@mishap
def personal_data_the_public_would_read(world: World, filing: MadeFiling) -> None:
    text = world.rng.choice((world.make.phone(), world.make.identity_number(), "0714-6512345"))
    if filing.occupations and world.rng.random() < 0.4:
        filing.occupations[0]["work_type"] = f"热线{text}"
    else:
        filing.form["registered_address"] += f"（{text}）"


@mishap
def identity_differs(world: World, filing: MadeFiling) -> None:
    """A name or region the register does not have: nothing to say of a newcomer."""
    if world.rng.random() < 0.5:
        filing.form["institution_name"] = f"湖北{filing.form['institution_name']}"
    else:
        filing.form["region_code"] = world.rng.choice(
            [name for code, names in world.policy["regions"]["names"].items() for name in (code, *names)]
        )


@mishap
def branch_without_receipt(world: World, filing: MadeFiling) -> None:
    filing.form["affiliation"] = world.rng.choice(("central", "provincial", "省级"))
    filing.materials = [row for row in filing.materials if row["material"] not in world.policy["required"]["branch"]]


@mishap
def branch_receipt_promised(world: World, filing: MadeFiling) -> None:
    branch_without_receipt(world, filing)
    filing.materials.append(committed(paper(world, filing, world.policy["required"]["branch"][0])))


@mishap
def renewal_of_nothing(world: World, filing: MadeFiling) -> None:
    filing.form["kind"] = "renewal"


@mishap
def addition_of_a_stranger(world: World, filing: MadeFiling) -> None:
    filing.form["kind"] = "addition"


@edge
def cycle_blank_or_unreadable(world: World, filing: MadeFiling) -> None:
    filing.form["cycle"] = world.rng.choice(("", "2026-05", "下半年"))


@edge
def moment_is_only_a_day(world: World, filing: MadeFiling) -> None:
    filing.form["submitted_at"] = filing.form["submitted_at"][:10]


@edge
def lower_case_credit_code(world: World, filing: MadeFiling) -> None:
    filing.form["uscc"] = filing.form["uscc"].lower()


@edge
def phone_in_another_dress(world: World, filing: MadeFiling) -> None:
    filing.form["contact_phone"] = world.rng.choice(
        ("+8613812345678", "(0714)6512345", "0714 6512345", "0714-6512345-801")
    )
