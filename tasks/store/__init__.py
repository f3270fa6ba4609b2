"""The only SQL: plain functions that take a Connection, one module a thing; no Prefect."""
