"""The gate before the Prefect server: who may come in, and what each role may ask for.

`door.Gate` is an ASGI application around another one. What it lets through has a person in its scope, whom a mounted
application learns with `people.signed_in(scope)`; under `/filing/` the application itself asks for the role it needs
(`people.require(scope, Role.APPROVER)`), everywhere else `endpoints.csv` does. By then the gate has checked the host,
the origin and the content type, so a form of the same site needs no token of its own. A FastAPI application answers
ForbiddenError with the gate's page: `app.add_exception_handler(ForbiddenError, pages.forbidden)`.
"""
