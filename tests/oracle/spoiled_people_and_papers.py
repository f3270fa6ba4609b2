"""Mishaps of staff and materials: each spoils one made application in one way."""

import codes
import values
from made_filings import MadeFiling, World, committed, person
from spoiled_forms import edge, mishap


def _of_role(filing: MadeFiling, role: str) -> list[int]:
    return [place for place, row in enumerate(filing.staff) if values.enum("role", row["role"]) == role]


@mishap
def role_short(world: World, filing: MadeFiling) -> None:
    role = world.rng.choice(("full_time", "examiner", "examiner", "supervisor", "expert"))
    keep = world.rng.randrange(0, max(1, world.policy["staff"][role]))
    gone = set(_of_role(filing, role)[keep:])
    filing.staff = [row for place, row in enumerate(filing.staff) if place not in gone]


@mishap
def no_staff_at_all(_world: World, filing: MadeFiling) -> None:
    filing.staff.clear()


@mishap
def identity_number_wrong(world: World, filing: MadeFiling) -> None:
    for row in world.rng.sample(filing.staff, min(len(filing.staff), world.rng.choice((1, 1, 2)))):
        number = world.make.identity_number()
        body = world.rng.choice((number[:6] + "19900230" + number[14:17], number[:6] + "19851301" + number[14:17]))
        wrong = world.rng.choice([char for char in "0123456789X" if char != number[17]])
        ways = (number[:17] + wrong, number[:17], number[:6] + number[8:17], body + codes.identity_check(body), "12345")
        row["id_number"] = world.rng.choice(ways)


@mishap
def person_listed_twice(world: World, filing: MadeFiling) -> None:
    """Twice in one role: beside the others, or in the place of one, so that the role may be short."""
    places = _of_role(filing, world.rng.choice(("examiner", "examiner", "expert", "full_time")))
    if len(places) > 1 and world.rng.random() < 0.5:
        filing.staff[places[-1]] = dict(filing.staff[places[0]])
    elif places:
        filing.staff += [dict(filing.staff[places[0]])] * world.rng.choice((1, 1, 2))


@mishap
def examiner_supervises(_world: World, filing: MadeFiling) -> None:
    examiners, supervisors = _of_role(filing, "examiner"), _of_role(filing, "supervisor")
    if examiners and supervisors:
        filing.staff[supervisors[0]] = filing.staff[examiners[-1]] | {"role": filing.staff[supervisors[0]]["role"]}


@mishap
def person_in_two_roles(world: World, filing: MadeFiling) -> None:
    for place in _of_role(filing, "expert")[:1]:
        filing.staff.append(filing.staff[place] | {"role": world.rng.choice(("full_time", "examiner", "supervisor"))})


@mishap
def staff_unreadable(world: World, filing: MadeFiling) -> None:
    extra = person(world, filing, "expert")
    extra |= world.rng.choice(({"role": "顾问"}, {"id_type": "工作证"}))
    filing.staff.insert(world.rng.randrange(len(filing.staff) + 1), extra)


@mishap
def institution_material_missing(world: World, filing: MadeFiling) -> None:
    names = sorted({row["material"] for row in filing.materials if not row["occupation_code"]})
    if names:
        gone = set(world.rng.sample(names, min(len(names), world.rng.choice((1, 1, 3)))))
        filing.materials = [row for row in filing.materials if row["material"] not in gone]


@mishap
def occupation_material_missing(world: World, filing: MadeFiling) -> None:
    papers = [row for row in filing.materials if row["occupation_code"]]
    if papers:
        gone = world.rng.choice(papers)
        if world.rng.random() < 0.3:
            gone["occupation_code"] = world.rng.choice(("", "6-31-01-99"))
        else:
            filing.materials.remove(gone)


@mishap
def promised_though_not_allowed(world: World, filing: MadeFiling) -> None:
    for place in world.rng.sample(range(len(filing.materials)), min(len(filing.materials), 2)):
        filing.materials[place] = committed(filing.materials[place])


@mishap
def promised(world: World, filing: MadeFiling) -> None:
    for place, row in enumerate(filing.materials):
        if row["material"] in world.policy["required"]["commitment_allowed"] and world.rng.random() < 0.7:
            filing.materials[place] = committed(row) | {"form": world.rng.choice(("commitment", "告知承诺"))}


@mishap
def file_wrong(world: World, filing: MadeFiling) -> None:
    files = [row for row in filing.materials if values.enum("form", row["form"]) == "file"]
    for row in world.rng.sample(files, min(len(files), 1)):
        if world.rng.random() < 0.6:
            row["size_bytes"] = world.rng.choice(
                ("0", str(world.policy["attachments"]["max_bytes"] + 1), "9000000000", "两页")
            )
        if world.rng.random() < 0.6:
            row["file_name"] = world.rng.choice(("方案.exe", "方案.doc", "方案", "方案.pdf.rar"))


@mishap
def material_unreadable(world: World, filing: MadeFiling) -> None:
    for row in world.rng.sample(filing.materials, min(len(filing.materials), 1)):
        row.update(world.rng.choice(({"material": "其他材料"}, {"form": "邮寄"})))


@mishap
def material_twice(world: World, filing: MadeFiling) -> None:
    for row in world.rng.sample(filing.materials, min(len(filing.materials), 1)):
        filing.materials.append(dict(row))


@edge
def staff_cell_blank(world: World, filing: MadeFiling) -> None:
    for row in world.rng.sample(filing.staff, min(len(filing.staff), 1)):
        row[world.rng.choice(("role", "name", "id_type", "id_number"))] = ""


@edge
def supervisor_role_unreadable(_world: World, filing: MadeFiling) -> None:
    for place in _of_role(filing, "supervisor"):
        filing.staff[place]["role"] = "督查"


@edge
def material_cell_blank(world: World, filing: MadeFiling) -> None:
    for row in world.rng.sample(filing.materials, min(len(filing.materials), 1)):
        row[world.rng.choice(("material", "form", "file_name", "size_bytes"))] = ""


@edge
def file_ending_in_capitals(_world: World, filing: MadeFiling) -> None:
    for row in filing.materials[:1]:
        row["file_name"] = row["file_name"].upper()


@edge
def identity_number_with_small_x(_world: World, filing: MadeFiling) -> None:
    for row in filing.staff:
        row["id_number"] = row["id_number"].replace("X", "x")


@mishap
def materials_of_another_work_type(world: World, filing: MadeFiling) -> None:
    """A work type's own materials serve no other, nor the occupation as a whole."""
    for row in [row for row in filing.materials if row["occupation_code"]][:2]:
        row["work_type"] = world.rng.choice(("其他类", "", "其他类"))
