"""The rule book as data: code, article, nature and sentence of every rule."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import cast

from schemas.finding import Nature
from schemas.policy import Policy

#: The materials that have rules, in the order they are checked.
RULED_TABLES = ("applications", "occupations", "staff", "materials", "programmes", "results")


@dataclass(frozen=True)
class Rule:
    """One rule of the notice: `article` is the notice's, `message_zh` what an applicant reads.

    `field` names where its findings stand (`*`: the field or fields concerned).
    """

    code: str
    article: str
    nature: Nature
    table: str
    field: str
    applies_to: str
    meaning: str
    message_zh: str


def tables_of(rule: Rule) -> tuple[str, ...]:
    """The tables a rule's findings may stand in (contract section 5: FORM-10 stands where the cell stands)."""
    return RULED_TABLES if rule.code == "FORM-10" else tuple(rule.table.split("; "))


@cache
def rules() -> Mapping[str, Rule]:
    """Every rule by its code, in the order of the book (`rules.csv`)."""
    text = (files("expectations") / "rules.csv").read_text("utf-8")
    return {row["code"]: _rule(row) for row in csv.DictReader(text.splitlines())}


#: Sentences with a number or a type of the policy; the book holds those of one city.
_OF_THE_POLICY = {
    "CAP-1": "{types}开展认定的职业原则上不超过{occupations}个",
    "CAP-2": "该职业已有{saturation}家以上机构备案，原则上不再新增",
}


def rules_of(policy: Policy) -> Mapping[str, Rule]:
    """Every rule by its code, its sentence with the numbers and types of a policy, its article that of the policy's notice."""
    types = "、".join(policy.institution_types[kind] for kind in policy.cap.capped)
    numbers = {"types": types, "occupations": policy.cap.occupations, "saturation": policy.cap.saturation}
    sentences = {code: sentence.format(**numbers) for code, sentence in _OF_THE_POLICY.items()}
    book = dict(rules())
    if policy.articles:
        book = {code: replace(rule, article=policy.article(rule.article)) for code, rule in book.items()}
    return book | {code: replace(book[code], message_zh=sentence) for code, sentence in sentences.items()}


def _rule(row: dict[str, str]) -> Rule:
    texts = {name: text for name, text in row.items() if name != "nature"}
    return Rule(nature=cast(Nature, row["nature"]), **texts)
