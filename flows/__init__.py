"""The order of the work in the words of the notice; no SQL, no frames, no rules."""
