"""The rules that stock Great Expectations can state, stated in stock expectations, for measuring only."""

from collections.abc import Mapping
from typing import Any

import great_expectations as gx
import great_expectations.expectations
import pandas as pd
from great_expectations.expectations.expectation import Expectation
from great_expectations.expectations.row_conditions import Column

from benchmarks.frames import MadeCycle
from schemas.policy import Policy
from schemas.reference_data import Reference
from schemas.submission import APPLICATIONS, AUDIENCES, BOOLEANS, FORMS, ID_TYPES, ROLES

#: The library exports its expectations at run time only.
gxe: Any = great_expectations.expectations

#: Rules that no stock expectation states: check digits, and whatever looks at several rows, tables or institutions.
NOT_STOCK = (
    *("FORM-2", "ROUTE-1", "OCC-1", "OCC-3", "OCC-11", "OCC-12", "CAP-1", "CAP-2", "DORM-1", "DORM-2", "RENEW-1"),
    *("RENEW-2", "STAFF-1", "STAFF-4", "MAT-1", "MAT-2"),
)
_TITLES = ("初级工", "中级工", "高级工", "技师", "高级技师")
_LEVELS = rf"^(?:[1-5五四三二一]级?|{'|'.join(_TITLES)}|[,，、/;； ~～-])+$"
_COMPLETE = {"result_format": "COMPLETE"}


def _words(words: Mapping[str, str]) -> list[str]:
    return [*words, *words.values()]


def _only(column: str, value: str) -> Any:
    return Column(column) == value


def suites(policy: Policy, facts: Reference, *, pairs: bool) -> dict[str, list[Expectation]]:
    """Stock expectations by table; with `pairs` as the gallery offers them, without it round the slow pair expectations."""
    occupations = _pairs_of_occupations(policy, facts) if pairs else _round_pairs_of_occupations(policy)
    materials = _pairs_of_materials(policy) if pairs else _round_pairs_of_materials(policy)
    return {
        "applications": [*_application_form(policy)],
        "occupations": [*_occupations(policy, facts), *occupations],
        "staff": [*_staff()],
        "materials": [*_materials(policy), *materials],
        "programmes": [gxe.ExpectColumnValuesToMatchRegex(column="highest_level", regex=_LEVELS)],
    }


def _pairs_of_occupations(policy: Policy, facts: Reference) -> list[Expectation]:
    names = list(facts.occupation_names().items())
    audiences = [(name, word) for name, kind in policy.institution.items() for word in kind.audiences]
    in_set = gxe.ExpectColumnPairValuesToBeInSet
    return [
        in_set(column_A="occupation_code", column_B="occupation_name", value_pairs_set=names),
        in_set(column_A="institution_type", column_B="audience", value_pairs_set=audiences),
    ]


def _round_pairs_of_occupations(policy: Policy) -> list[Expectation]:
    in_set = gxe.ExpectColumnValuesToBeInSet
    by_type = [
        in_set(column="audience", value_set=kind.audiences, row_condition=_only("institution_type", name))
        for name, kind in policy.institution.items()
    ]
    return [gxe.ExpectColumnPairValuesToBeEqual(column_A="occupation_name", column_B="dictionary_name"), *by_type]


def _pairs_of_materials(policy: Policy) -> list[Expectation]:
    files = [("file", name) for name in policy.materials]
    allowed = [*files, *(("commitment", name) for name in policy.required.commitment_allowed)]
    return [gxe.ExpectColumnPairValuesToBeInSet(column_A="form", column_B="material", value_pairs_set=allowed)]


def _round_pairs_of_materials(policy: Policy) -> list[Expectation]:
    allowed = policy.required.commitment_allowed
    condition = _only("form", "commitment")
    return [gxe.ExpectColumnValuesToBeInSet(column="material", value_set=allowed, row_condition=condition)]


def _application_form(policy: Policy) -> list[Expectation]:
    required = [
        gxe.ExpectColumnValuesToNotBeNull(column=column.name) for column in APPLICATIONS.columns if not column.optional
    ]
    enums = [column for column in APPLICATIONS.columns if column.kind == "enum"]
    prefixes = {name: "|".join(kind.credit_code_prefixes) for name, kind in policy.institution.items()}
    return [
        *required,
        *(
            gxe.ExpectColumnValuesToBeInSet(column=column.name, value_set=_words(policy.column(column).words))
            for column in enums
        ),
        gxe.ExpectColumnValuesToMatchRegex(column="cycle", regex=r"^20\d\d-(?:04|09)$"),
        gxe.ExpectColumnValuesToMatchRegex(column="submitted_at", regex=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$"),
        gxe.ExpectColumnValuesToBeBetween(
            column="first_submitted_at", min_value="2026-08-10T00:00:00", max_value="2026-09-11T00:00:00"
        ),
        gxe.ExpectColumnValuesToBeInSet(column="region_code", value_set=policy.regions.codes),
        gxe.ExpectColumnValuesToBeUnique(column="uscc"),
        gxe.ExpectColumnValuesToBeInSet(column="social_insurance", value_set=["true", BOOLEANS["true"]]),
        gxe.ExpectColumnValuesToBeInSet(column="no_violations", value_set=["true", BOOLEANS["true"]]),
        gxe.ExpectColumnValuesToMatchRegex(column="contact_phone", regex=r"^(?:1[3-9]\d{9}|0\d{2,3}-?\d{7,8})$"),
        gxe.ExpectColumnValuesToMatchRegex(column="uscc", regex=rf"^..{policy.regions.area_prefix}"),
        *(
            gxe.ExpectColumnValuesToMatchRegex(
                column="uscc", regex=rf"^(?:{prefix})", row_condition=_only("institution_type", name)
            )
            for name, prefix in prefixes.items()
        ),
    ]


def _occupations(policy: Policy, facts: Reference) -> list[Expectation]:
    access = facts.access_lists[-1][1].dropna(subset=["code_2022"])
    by_coverage = {name: rows["code_2022"].unique().tolist() for name, rows in access.groupby("coverage")}
    classes = "".join(str(number) for number in policy.occupations.skill_classes)
    return [
        gxe.ExpectColumnValuesToBeInSet(column="occupation_code", value_set=facts.occupations["code"].tolist()),
        gxe.ExpectColumnValuesToMatchRegex(column="occupation_code", regex=rf"^[{classes}]"),
        gxe.ExpectColumnValuesToNotBeInSet(column="occupation_code", value_set=by_coverage["whole"]),
        gxe.ExpectColumnValuesToNotBeInSet(column="occupation_code", value_set=by_coverage["partial"]),
        gxe.ExpectColumnValuesToNotBeNull(column="levels"),
        gxe.ExpectColumnValuesToMatchRegex(column="levels", regex=_LEVELS),
        gxe.ExpectColumnValuesToNotBeInSet(column="levels", value_set=["5,3", "五级、三级", "4,2", "3,1"]),
        gxe.ExpectColumnValuesToBeInSet(column="audience", value_set=_words(AUDIENCES)),
        gxe.ExpectColumnValuesToNotBeNull(column="audience"),
        gxe.ExpectCompoundColumnsToBeUnique(column_list=["application_no", "occupation_code", "audience", "levels"]),
    ]


def _staff() -> list[Expectation]:
    return [
        gxe.ExpectColumnValuesToNotBeNull(column="role"),
        gxe.ExpectColumnValuesToBeInSet(column="role", value_set=_words(ROLES)),
        gxe.ExpectColumnValuesToNotBeNull(column="id_type"),
        gxe.ExpectColumnValuesToBeInSet(column="id_type", value_set=_words(ID_TYPES)),
        gxe.ExpectColumnValuesToMatchRegex(
            column="id_number", regex=r"^\d{17}[\dXx]$", row_condition=_only("id_type", "resident_id")
        ),
        gxe.ExpectCompoundColumnsToBeUnique(column_list=["application_no", "role", "id_type", "id_number"]),
    ]


def _materials(policy: Policy) -> list[Expectation]:
    types = "|".join(policy.attachments.types)
    file = _only("form", "file")
    return [
        gxe.ExpectColumnValuesToNotBeNull(column="material"),
        gxe.ExpectColumnValuesToBeInSet(column="material", value_set=_words(policy.materials)),
        gxe.ExpectColumnValuesToNotBeNull(column="form"),
        gxe.ExpectColumnValuesToBeInSet(column="form", value_set=_words(FORMS)),
        gxe.ExpectColumnValuesToMatchRegex(column="size_bytes", regex=r"^\d+$"),
        gxe.ExpectColumnValuesToNotBeInSet(column="form", value_set=["commitment"]),
        gxe.ExpectColumnValuesToNotBeNull(column="size_bytes", row_condition=file),
        gxe.ExpectColumnValuesToBeBetween(
            column="size", min_value=1, max_value=policy.attachments.max_bytes, row_condition=file
        ),
        gxe.ExpectColumnValuesToMatchRegex(column="file_name", regex=rf"(?i)\.(?:{types})$", row_condition=file),
        gxe.ExpectColumnPairValuesToBeEqual(
            column_A="sha256", column_B="attachment_sha256", ignore_row_if="either_value_is_missing"
        ),
    ]


class StockCheck:
    """A context with one validation a table; `run` validates a cycle and counts the expectations that are not met."""

    def __init__(self, made: MadeCycle, *, pairs: bool) -> None:
        self._context = gx.get_context(mode="ephemeral")
        source = self._context.data_sources.add_pandas("stock")
        self._definitions = {}
        stated = suites(made.scene.policy, made.scene.reference, pairs=pairs)
        for table, expectations in stated.items():
            batch = source.add_dataframe_asset(table).add_batch_definition_whole_dataframe("batch")
            suite = self._context.suites.add(gx.ExpectationSuite(name=table, expectations=expectations))
            definition = gx.ValidationDefinition(name=table, data=batch, suite=suite)
            self._definitions[table] = self._context.validation_definitions.add(definition)
        self._frames = _joined(made)

    def run(self) -> dict[str, int]:
        """Expectations not met, by table."""
        unmet = {}
        for table, definition in self._definitions.items():
            result = definition.run(batch_parameters={"dataframe": self._frames[table]}, result_format=_COMPLETE)
            raised = [outcome for outcome in result.results if outcome.exception_info.get("exception_message")]
            if raised:
                raise RuntimeError(f"{table}: {raised[0].exception_info}")
            unmet[table] = sum(not outcome.success for outcome in result.results)
        return unmet


def _joined(made: MadeCycle) -> dict[str, pd.DataFrame]:
    """The frames with the columns that stock expectations would otherwise have to look up elsewhere; not measured."""
    frames = dict(made.submissions)
    names = made.scene.reference.occupations.rename(columns={"code": "occupation_code", "name": "dictionary_name"})
    types = frames["applications"][["application_no", "institution_type"]]
    asked = frames["occupations"].merge(types, on="application_no", how="left")
    frames["occupations"] = asked.merge(names[["occupation_code", "dictionary_name"]], on="occupation_code", how="left")
    frames["materials"] = frames["materials"].assign(
        size=pd.to_numeric(frames["materials"]["size_bytes"], errors="coerce")
    )
    return frames
