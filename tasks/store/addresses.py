"""Mail addresses of those who are written to; blank where none is known."""

from sqlalchemy import Connection, and_, or_, select

from schemas import tables
from tasks.store import experts, panels

_application, _version = tables.application, tables.application_version


def of_applicant(db: Connection, subject: str) -> str:
    """The address in an application, or in the last application of an institution that gave one, by credit code."""
    current = and_(
        _version.c.application_no == _application.c.application_no, _version.c.version == _application.c.version
    )
    own = or_(_application.c.application_no == subject, _application.c.uscc == subject)
    statement = (
        select(_version.c.contact_email)
        .join(_application, current)
        .where(own, _version.c.contact_email.is_not(None), _version.c.contact_email != "")
        .order_by(_application.c.cycle.desc(), _application.c.application_no.desc())
    )
    return db.execute(statement).scalar() or ""


def of_lead(db: Connection, application_no: str) -> str:
    """The address of the expert who leads the panel of an application."""
    draws = panels.of_application(db, application_no)
    return experts.address(db, draws[-1].panel.lead) if draws else ""
