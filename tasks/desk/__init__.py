"""What a person does beside a run: import, decide, approve, look at a source."""
