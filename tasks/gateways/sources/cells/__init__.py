"""The reading of one cell, one header, one column map."""
