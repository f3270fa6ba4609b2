"""The work of each stage: keys and small values in, one transaction, nothing to do the second time."""
