"""The root of every error of ours: one sentence for the person who reads it, and the exit code of a command it ends."""


class FilingError(Exception):
    """Something could not be done; its text is one sentence that says what, and how to mend it."""

    exit_code = 1


class WrongUseError(FilingError):
    """What was asked for cannot be understood."""

    exit_code = 2


class RefusedError(FilingError):
    """Understood but not allowed now: a lock, a missing decision, a policy."""

    exit_code = 3
