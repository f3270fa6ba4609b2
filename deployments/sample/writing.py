"""A made cycle as the files an office would receive: workbooks, bulk tables, corrections, results, decisions; no data are made here."""
