"""The notice as pure functions of facts, policy and day."""
