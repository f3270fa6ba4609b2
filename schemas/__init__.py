"""The model: what things are, how they may move, what the notice says of them; no Prefect, no Great Expectations."""
