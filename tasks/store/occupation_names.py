"""What an occupation is called: by the Dictionary, or by the published name under which it was filed; not whether it may be."""

from sqlalchemy import Connection, select

from schemas.reference_data import reference
from schemas.tables import requested_occupation


def occupation_names(db: Connection) -> dict[str, str]:
    """Code to name, for every code of the Dictionary and every code given for a later occupation that has none there.

    Of two names given for one code the one of the first application counts (contract section 5).
    """
    facts, asked = reference(), requested_occupation
    later = facts.later[facts.later["code_2022"].isna()]["name"].tolist()
    given = select(asked.c.application_no, asked.c.occupation_code, asked.c.occupation_name).where(
        asked.c.occupation_name.in_(later), asked.c.occupation_code.is_not(None)
    )
    # sorted here: databases do not agree on the order of texts
    named = {code: name for _, code, name in sorted(map(tuple, db.execute(given)), reverse=True)}
    return named | facts.occupation_names()
