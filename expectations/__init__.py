"""What must be true of data: the rule book as Great Expectations suites; no Prefect, no SQL."""
