"""Names of regions, institution types and levels as people read them, of what is on file since an earlier policy too."""

from collections.abc import Callable

from schemas.policy import Policy, known


def region_titles(policy: Policy) -> dict[str, str]:
    """Region code to name: the policy's, then those that only another policy of its city has, as of what is long on file."""
    return _with_others(policy, lambda one: one.region_names)


def type_titles(policy: Policy) -> dict[str, str]:
    """Institution type to title, in the same way."""
    return _with_others(policy, lambda one: one.institution_types)


def level_titles(policy: Policy) -> dict[str, str]:
    """Level code to title, in the same way."""
    return _with_others(policy, lambda one: one.levels)


def _with_others(policy: Policy, names: Callable[[Policy], dict[str, str]]) -> dict[str, str]:
    city = [policy, *(other for other in reversed(known()) if other.name == policy.name)]
    titles: dict[str, str] = {}
    for one in city:
        titles |= {code: title for code, title in names(one).items() if code not in titles}
    return titles
