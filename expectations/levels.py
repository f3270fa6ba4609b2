"""Sets of levels as whole numbers: the lowest level of the policy is bit 0, the next one bit 1."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import polars as pl

from schemas.policy import Policy


@dataclass(frozen=True)
class Levels:
    """A policy's level codes from the lowest to the highest, with the short name of each."""

    codes: Sequence[str]
    names: Mapping[str, str]

    @classmethod
    def of(cls, policy: Policy) -> "Levels":
        return cls(list(policy.levels), {code: policy.level_names(code)[0] for code in policy.levels})

    @cached_property
    def sets(self) -> dict[int, list[str]]:
        """Every set with its codes, the lowest first."""
        return {
            mask: [code for place, code in enumerate(self.codes) if mask >> place & 1]
            for mask in range(1, 1 << len(self.codes))
        }

    def mask(self, codes: Iterable[str]) -> int:
        """The set of some codes."""
        return sum(1 << self.codes.index(code) for code in set(codes))

    def bit(self, code: pl.Expr) -> pl.Expr:
        """A code's own set as Int64; null for a code that is no level of the policy."""
        bits = {code: 1 << place for place, code in enumerate(self.codes)}
        return code.cast(pl.String).replace_strict(bits, default=None, return_dtype=pl.Int64)

    def rank(self, code: pl.Expr) -> pl.Expr:
        """A code's place from the lowest, 0 on, as Int64."""
        ranks = {code: place for place, code in enumerate(self.codes)}
        return code.cast(pl.String).replace_strict(ranks, default=None, return_dtype=pl.Int64)

    def highest(self, mask: pl.Expr) -> pl.Expr:
        """The place of a set's highest level."""
        places = {mask: mask.bit_length() - 1 for mask in self.sets}
        return mask.replace_strict(places, default=None, return_dtype=pl.Int64)

    def titles(self, mask: pl.Expr) -> pl.Expr:
        """A set in Chinese: 五级、三级."""
        texts = {mask: "、".join(self.names[code] for code in codes) for mask, codes in self.sets.items()}
        return mask.cast(pl.Int64).replace_strict(texts, default="", return_dtype=pl.String)

    def has_gap(self, mask: pl.Expr) -> pl.Expr:
        """Whether a level between two of a set is left out."""
        return mask.is_in([bits for bits in self.sets if "0" in f"{bits:b}".rstrip("0")])

    def single(self) -> pl.DataFrame:
        """A row for each set and level in it: levels! (the set), level (code), bit (all whole numbers Int64)."""
        triples = [(mask, code, self.mask([code])) for mask, codes in self.sets.items() for code in codes]
        schema = {"levels!": pl.Int64(), "level": pl.String(), "bit": pl.Int64()}
        return pl.DataFrame(triples, schema=schema, orient="row")

    def written(self) -> list[str]:
        """Every set as a directory row holds it: `5,4,3`."""
        return [",".join(codes) for codes in self.sets.values()]
