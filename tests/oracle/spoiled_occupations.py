"""Mishaps of occupations and programmes: each spoils one made application in one way."""

from filing import Trade
from made_filings import MadeFiling, World, request
from occupation_rules import is_skill
from spoiled_forms import edge, mishap


def _unlisted(world: World) -> tuple[str, str]:
    number = world.rng.randrange(100)
    return f"6-99-{number // 10 + 10}-{number % 10 + 10}", f"特种装备运维员{number}"


def _may_neighbour(world: World, filing: MadeFiling) -> bool:
    return bool(world.policy["institution"][filing.institution.type].get("neighbour"))


@mishap
def no_occupation(world: World, filing: MadeFiling) -> None:
    filing.occupations.clear()
    if world.rng.random() < 0.5:
        filing.materials = [row for row in filing.materials if not row["occupation_code"]]


@mishap
def occupation_unlisted(world: World, filing: MadeFiling) -> None:
    """No neighbour, or one that is unlisted too, or one that only an enterprise may name."""
    code, name = _unlisted(world)
    neighbour = world.rng.choice(("", "", "6-99-99-99", world.rng.choice(world.skills)))
    neighbour = neighbour if not _may_neighbour(world, filing) or neighbour == "6-99-99-99" else ""
    request(world, filing, Trade(code, ""), world.levels(filing.institution.type), name=name)["neighbour_code"] = (
        neighbour
    )


@mishap
def occupation_with_a_neighbour(world: World, filing: MadeFiling) -> None:
    """Unlisted with a valid neighbour: any of the Dictionary, skill or not, access-type or not."""
    rng = world.rng
    taken = {row["occupation_code"] for row in filing.occupations}
    odd = rng.choice((sorted(world.facts.dictionary), sorted(world.facts.access)))
    neighbour = rng.choice(odd if rng.random() < 0.4 else world.skills)
    if neighbour not in taken:
        code, name = _unlisted(world)
        request(world, filing, Trade(neighbour, ""), world.levels(filing.institution.type), code=code, name=name)


@mishap
def neighbours_materials_under_the_unlisted_code(world: World, filing: MadeFiling) -> None:
    code, name = _unlisted(world)
    row = request(world, filing, Trade(code, ""), world.levels(filing.institution.type), name=name)
    row["neighbour_code"] = world.rng.choice(world.skills)


@mishap
def occupation_published_later(world: World, filing: MadeFiling) -> None:
    """Without a code in the Dictionary: recognised by its name once published, whatever code is given."""
    uncoded = [later for later in world.facts.later if not later.code]
    later = world.rng.choice(uncoded)
    if later.name not in {row["occupation_name"] for row in filing.occupations}:
        row = request(world, filing, Trade(later.name, ""), world.levels(filing.institution.type), name=later.name)
        row["occupation_code"] = world.rng.choice((f"4-98-01-{uncoded.index(later) + 10}", later.name))


@mishap
def occupation_name_differs(world: World, filing: MadeFiling) -> None:
    for row in filing.occupations[:1]:
        later = [entry.name for entry in world.facts.later if not entry.code]
        row["occupation_name"] = world.rng.choice((row["occupation_name"] + "工", "电工证", world.rng.choice(later)))


@mishap
def not_a_skill_occupation(world: World, filing: MadeFiling) -> None:
    code = world.rng.choice([code for code in world.facts.dictionary if not is_skill(code, world.facts)])
    request(world, filing, Trade(code, ""), world.levels(filing.institution.type))


@mishap
def access_type_occupation(world: World, filing: MadeFiling) -> None:
    code = world.rng.choice(sorted(world.facts.access))
    if code in world.facts.dictionary:
        request(world, filing, Trade(code, ""), world.levels(filing.institution.type))


@mishap
def partly_access_type_occupation(world: World, filing: MadeFiling) -> None:
    """With a work type the list names, with another one, or as a whole."""
    partial = sorted(code for code, entry in world.facts.access.items() if entry.partial and not entry.whole)
    taken = {row["occupation_code"] for row in filing.occupations}
    code = world.rng.choice(partial)
    named = world.rng.choice(sorted(world.facts.access[code].work_types))
    if code not in taken:
        request(
            world, filing, Trade(code, world.rng.choice(("", named, "普通类"))), world.levels(filing.institution.type)
        )


@mishap
def two_work_types(world: World, filing: MadeFiling) -> None:
    """Two work types of one occupation are two items."""
    for row in filing.occupations[:1]:
        if row["occupation_code"] in world.facts.dictionary:
            request(world, filing, Trade(row["occupation_code"], "丙类"), world.levels(filing.institution.type))


@mishap
def levels_blank_or_unreadable(world: World, filing: MadeFiling) -> None:
    for row in filing.occupations[:1]:
        row["levels"] = world.rng.choice(("", "", "6", "高等", "5,九", "五级、六级", "0"))


@mishap
def levels_with_a_gap(world: World, filing: MadeFiling) -> None:
    for row in filing.occupations[-1:]:
        row["levels"] = world.rng.choice(("5,3", "四级、二级", "初级工/高级工", "5,4,1"))


@mishap
def level_requested_twice(world: World, filing: MadeFiling) -> None:
    """The same occupation again, its levels overlapping or not, for the same audience or another."""
    for row in filing.occupations[:1]:
        levels = world.rng.choice((row["levels"], "5", "3,2", "1"))
        audience = world.rng.choice((row["audience"], row["audience"], "public"))
        filing.occupations.append(row | {"levels": levels, "audience": audience})


@mishap
def audience_of_others(world: World, filing: MadeFiling) -> None:
    for row in filing.occupations[-1:]:
        row["audience"] = world.rng.choice(("staff", "students", "public", "社会人员", "在校学生", "全体人员"))


@mishap
def programme_missing(_world: World, filing: MadeFiling) -> None:
    filing.programmes = filing.programmes[1:]


@mishap
def students_above_their_programme(world: World, filing: MadeFiling) -> None:
    for row in filing.occupations[:1]:
        row["audience"], row["levels"] = "students", world.rng.choice(("4,3", "3", "5,4,3,2"))
        for major in filing.programmes[:1]:
            major["highest_level"] = world.rng.choice(("5", "4", "3", "2", "中级工"))
            if world.rng.random() < 0.4:  # a second programme of the occupation, higher or lower
                filing.programmes.append(major | {"highest_level": world.rng.choice("54321")})


@mishap
def training_level_unreadable(_world: World, filing: MadeFiling) -> None:
    for major in filing.programmes[-1:]:
        major["highest_level"] = "大专"


@mishap
def many_occupations(world: World, filing: MadeFiling) -> None:
    """Around the cap: distinct occupations on file and requested together come to 4 up to 7."""
    held = {trade.occupation for trade in filing.institution.on_file}
    together = {*held, *(row["occupation_code"] for row in filing.occupations)}
    count = world.rng.choice((4, 5, 5, 6, 6, 7))
    free = [code for code in world.skills if code not in together]
    for code in world.rng.sample(free, max(0, count - len(together))):
        request(world, filing, Trade(code, ""), world.levels(filing.institution.type))


@mishap
def occupation_on_file_again(world: World, filing: MadeFiling) -> None:
    """Only what is on file, or one level more: nothing new, or a new item of a known occupation."""
    for trade, levels in sorted(filing.institution.on_file.items())[:1]:
        if trade.occupation not in {row["occupation_code"] for row in filing.occupations}:
            more = {*levels, *world.rng.choice(((), (world.open_levels(filing.institution.type)[-1],)))}
            request(world, filing, trade, [*more])


@edge
def occupation_code_blank(_world: World, filing: MadeFiling) -> None:
    for row in filing.occupations[:1]:
        row["occupation_code"] = ""


@edge
def occupation_name_blank(_world: World, filing: MadeFiling) -> None:
    for row in filing.occupations[:1]:
        row["occupation_name"] = ""


@edge
def audience_blank(_world: World, filing: MadeFiling) -> None:
    for row in filing.occupations[:1]:
        row["audience"] = ""


@edge
def neighbour_requested_as_well(world: World, filing: MadeFiling) -> None:
    for row in filing.occupations[:1]:
        code, name = _unlisted(world)
        neighbour = row["occupation_code"]
        asked = request(
            world, filing, Trade(neighbour, ""), world.levels(filing.institution.type), code=code, name=name
        )
        asked["audience"] = row["audience"]


@edge
def level_twice_in_one_cell(_world: World, filing: MadeFiling) -> None:
    for row in filing.occupations[:1]:
        row["levels"] = "5,5,4"
