"""Whole cycles of made submissions as frames, vectorised, for measuring only."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import polars as pl

from expectations.identifiers import USCC_ALPHABET
from expectations.scene import Scene
from schemas.law.cycle import CycleId
from schemas.policy import Policy, for_cycle
from schemas.reference_data import reference

CYCLE = CycleId("2026-09")
_TYPES = np.array(["enterprise", "technical_school", "social_organisation"])
_AUDIENCES = {"enterprise": "staff", "technical_school": "students", "social_organisation": "public"}
_PREFIXES = {"enterprise": "91", "technical_school": "12", "social_organisation": "52"}
_LEVEL_ROWS = np.array(["5,4", "3", "五级、四级", "4-3级"])
_PEOPLE_PER_APPLICATION = 31
_OCCUPATION_MATERIALS = ("question_bank", "assessment_specification", "assessment_standard", "evaluation_rules")


@dataclass(frozen=True, eq=False)
class MadeCycle:
    """Submissions as `expectations.check` takes them, and the scene to check them in."""

    submissions: Mapping[str, pd.DataFrame]
    scene: Scene

    @property
    def rows(self) -> dict[str, int]:
        return {name: len(frame) for name, frame in self.submissions.items()}


def make_cycle(applications: int, seed: int = 1) -> MadeCycle:
    """A cycle of so many applications: about 3 occupation rows, 20 materials and 31 people each, a few spoiled."""
    random = np.random.default_rng(seed)
    policy = for_cycle(CYCLE)
    form = _applications(applications, random, policy)
    asked = _occupations(form, random)
    submissions = {
        "applications": form,
        "occupations": asked,
        "staff": _staff(form, random),
        "materials": _materials(form, asked, random, policy),
        "programmes": _programmes(form, asked),
    }
    frames = {name: _submitted(frame) for name, frame in submissions.items()}
    return MadeCycle(frames, _scene(form, asked, random, policy))


def _submitted(frame: pl.DataFrame) -> pd.DataFrame:
    """As intake hands tables over: text cells, rows numbered within their application."""
    numbered = frame.with_columns(pl.int_range(1, pl.len() + 1).over("application_no").alias("row"))
    return numbered.drop(column for column in numbered.columns if column.startswith("_")).to_pandas()


def credit_codes(prefixes: np.ndarray, numbers: np.ndarray) -> list[str]:
    """Valid unified social credit codes of Huangshi for running numbers (GB 32100-2015, GB 11714-1997)."""
    values = {character: value for value, character in enumerate(USCC_ALPHABET)}
    body = np.array([f"{number:08d}" for number in numbers])
    digits = body.astype("S8").view("u1").reshape(-1, 8).astype(int) - ord("0")
    inner = (11 - digits @ np.array([3, 7, 9, 10, 5, 8, 4, 2]) % 11) % 11
    seventeen = [
        f"{prefix}420202{text}{'X' if check == 10 else check}"
        for prefix, text, check in zip(prefixes, body, inner, strict=True)
    ]
    cells = np.array([[values[character] for character in code] for code in seventeen])
    check = (31 - cells @ np.array([pow(3, place, 31) for place in range(17)]) % 31) % 31
    return [code + USCC_ALPHABET[value] for code, value in zip(seventeen, check, strict=True)]


def _applications(count: int, random: np.random.Generator, policy: Policy) -> pl.DataFrame:
    types = _TYPES[random.choice(3, count, p=[0.4, 0.2, 0.4])]
    numbers = np.arange(count)
    codes = credit_codes(np.array([_PREFIXES[name] for name in types]), 10_000_000 + numbers)
    frame = pl.DataFrame(
        {
            "application_no": [f"HS2609-{number:06d}" for number in numbers],
            "cycle": CYCLE,
            "kind": np.array(["initial", "addition", "renewal"])[random.choice(3, count, p=[0.5, 0.35, 0.15])],
            "institution_name": [f"黄石第{number}技能评价机构" for number in numbers],
            "uscc": codes,
            "institution_type": types,
            "affiliation": np.array(["municipal", "provincial"])[random.choice(2, count, p=[0.95, 0.05])],
            "region_code": np.array(policy.regions.codes)[random.choice(len(policy.regions.codes), count)],
            "registered_address": "湖北省黄石市杭州东路1号",
            "legal_representative": "李明",
            "contact_name": "王芳",
            "contact_phone": [f"138{number:08d}" for number in numbers],
            "contact_email": None,
            "submitted_at": [f"2026-08-{11 + number % 20:02d}T{8 + number % 10:02d}:30:00" for number in numbers],
            "social_insurance": "是",
            "no_violations": "true",
        },
        schema_overrides={"contact_email": pl.String()},
    )
    spoiled = {
        "contact_phone": "12345",
        "region_code": "420106",
        "social_insurance": "否",
        "legal_representative": None,
        "uscc": "91420200MA4900000X",
    }
    return _spoil(frame, spoiled, random, 0.01).with_columns(pl.col("submitted_at").alias("first_submitted_at"))


def _spoil(
    frame: pl.DataFrame, values: Mapping[str, str | None], random: np.random.Generator, share: float
) -> pl.DataFrame:
    """Put a wrong value into a share of the cells of each named column."""
    return frame.with_columns(
        pl.when(pl.Series(random.random(len(frame)) < share))
        .then(pl.lit(value, pl.String()))
        .otherwise(pl.col(column))
        .alias(column)
        for column, value in values.items()
    )


def _occupations(form: pl.DataFrame, random: np.random.Generator) -> pl.DataFrame:
    """One to three occupations each, in one or two rows of different levels."""
    known = pl.from_pandas(reference().occupations[["code", "name"]])
    skills = known.filter(pl.col("code").str.head(1).is_in(["4", "6"])).rename(
        {"code": "occupation_code", "name": "occupation_name"}
    )
    counts = random.integers(1, 4, len(form))
    asked = form.select("application_no", pl.col("institution_type").alias("_type"))[
        np.repeat(np.arange(len(form)), counts)
    ]
    place = np.concatenate([np.arange(count) for count in counts])
    chosen = (np.repeat(random.integers(0, len(skills) - 3, len(form)), counts) + place).astype(int)
    asked = asked.hstack(skills[chosen])
    asked = asked[np.repeat(np.arange(len(asked)), random.choice([1, 2], len(asked), p=[0.44, 0.56]))]
    second = asked.select(pl.struct("application_no", "occupation_code").is_first_distinct()).to_series().not_()
    first = np.where(random.random(len(asked)) < 0.5, "5,4", "五级、四级")
    levels = np.where(second.to_numpy(), np.where(random.random(len(asked)) < 0.9, "3", "3-2级"), first)
    asked = asked.with_columns(
        pl.lit(None, pl.String()).alias("work_type"),
        pl.Series("levels", levels),
        pl.col("_type").replace_strict(_AUDIENCES).alias("audience"),
        pl.lit(None, pl.String()).alias("neighbour_code"),
    )
    return _spoil(asked, {"occupation_code": "6-99-99-99", "levels": "六级", "audience": "public"}, random, 0.005)


def _staff(form: pl.DataFrame, random: np.random.Generator) -> pl.DataFrame:
    """31 people an application, each with a valid resident identity number (GB 11643-1999)."""
    count = len(form) * _PEOPLE_PER_APPLICATION
    # a stride prime to the numbers there are gives everybody a birthday and an order number of their own
    person = np.arange(count) * 7_919 % 14_000_000
    days = pl.Series(np.datetime64("1960-01-01") + person // 1000).dt.strftime("%Y%m%d").cast(pl.Int64)
    number = 420202 * 10**11 + days * 1000 + pl.Series(person % 1000)
    seventeen = number.alias("n").to_frame()
    total = pl.sum_horizontal(
        *((pl.col("n") // 10 ** (16 - place) % 10) * pow(2, 17 - place, 11) for place in range(17))
    )
    check = pl.Series(list("10X98765432")).gather(seventeen.select(total % 11).to_series())
    place = np.tile(np.arange(_PEOPLE_PER_APPLICATION), len(form))
    role = np.select([place < 4, place < 12, place < 15], ["full_time", "examiner", "supervisor"], "expert")
    people = form.select("application_no")[np.repeat(np.arange(len(form)), _PEOPLE_PER_APPLICATION)].with_columns(
        pl.Series("role", role),
        pl.lit("张伟").alias("name"),
        pl.lit("resident_id").alias("id_type"),
        (number.cast(pl.String) + check).alias("id_number"),
        pl.lit("高级技师").alias("title"),
        pl.lit(None, pl.String()).alias("certificate_no"),
    )
    return _spoil(people, {"id_number": "420202199001011234", "role": "考评员"}, random, 0.002)


def _materials(form: pl.DataFrame, asked: pl.DataFrame, random: np.random.Generator, policy: Policy) -> pl.DataFrame:
    """What the policy asks of each institution and occupation, a few as commitments."""
    of_institutions = pl.DataFrame(
        [(name, material) for name in policy.institution for material in policy.materials_of(name)],
        schema=["institution_type", "material"],
        orient="row",
    )
    blank = pl.lit(None, pl.String()).alias("occupation_code")
    institution = (
        form.select("application_no", "institution_type")
        .join(of_institutions, on="institution_type")
        .select("application_no", "material", blank)
    )
    of_occupations = pl.DataFrame({"material": list(_OCCUPATION_MATERIALS)})
    occupation = (
        asked.select("application_no", "occupation_code").unique(maintain_order=True).join(of_occupations, how="cross")
    )
    papers = pl.concat([institution, occupation.select("application_no", "material", "occupation_code")]).sort(
        "application_no", maintain_order=True
    )
    committed = pl.Series(random.random(len(papers)) < 0.3) & papers["material"].is_in(
        policy.required.commitment_allowed
    )
    digests = pl.Series(random.integers(0, 2**62, len(papers))).cast(pl.String).str.zfill(64)
    papers = papers.with_columns(
        pl.when(committed).then(pl.lit("commitment")).otherwise(pl.lit("file")).alias("form"),
        pl.when(~committed).then(pl.format("{}.pdf", "material")).alias("file_name"),
        pl.when(~committed)
        .then(pl.Series(random.integers(1_000, 9_000_000, len(papers))).cast(pl.String))
        .alias("size_bytes"),
        pl.when(~committed).then(digests).alias("sha256"),
    )
    spoiled = _spoil(papers, {"size_bytes": "0", "file_name": "附件.exe", "material": "其他"}, random, 0.002)
    return spoiled.with_columns(
        pl.when(pl.Series(random.random(len(papers)) < 0.1)).then(pl.col("sha256")).alias("attachment_sha256")
    )


def _programmes(form: pl.DataFrame, asked: pl.DataFrame) -> pl.DataFrame:
    return (
        asked.filter(pl.col("_type") == "technical_school")
        .select(
            "application_no",
            pl.lit("0501").alias("programme_code"),
            pl.lit("机电一体化").alias("programme_name"),
            "occupation_code",
        )
        .unique(maintain_order=True)
        .with_columns(pl.lit("3").alias("highest_level"))
    )


def _scene(form: pl.DataFrame, asked: pl.DataFrame, random: np.random.Generator, policy: Policy) -> Scene:
    """Half of the institutions have occupations on file, and most of those have been active."""
    old = form.filter(pl.Series(random.random(len(form)) < 0.5)).select("application_no", "uscc", "institution_type")
    held = old.join(
        asked.select("application_no", "occupation_code").unique(maintain_order=True), on="application_no"
    ).drop("application_no")
    held = held.unique(["uscc", "occupation_code"], maintain_order=True)
    filed_on = pl.Series(np.array(["2023-10-20", "2024-04-25", "2025-10-20"])[random.choice(3, len(held))])
    until = filed_on.str.to_date().dt.offset_by("3y").dt.offset_by("-1d").dt.to_string()
    on_file = held.with_columns(filed_on.alias("filed_on"), until.alias("valid_until")).join(
        pl.DataFrame({"level": ["5", "4"]}), how="cross"
    )
    active = held.filter(pl.Series(random.random(len(held)) < 0.9)).select("uscc", "occupation_code")
    activities = active.with_columns(pl.lit("2026-05-20").alias("held_on"), pl.lit("40").alias("candidates"))
    peers = form.select("application_no", "uscc")
    return Scene(CYCLE, policy, reference(), on_file.to_pandas(), activities.to_pandas(), peers.to_pandas())
