"""The root of every error of ours: one sentence for the person who reads it, and the exit code of a command it ends."""


class FilingError(Exception):
    """Something could not be done; its text is one sentence that says what, and how to mend it.

    `chinese`: the same sentence as a page shows it, without its full stop; blank where one for the kind of error does.
    """

    exit_code = 1

    def __init__(self, *parts: object, chinese: str = "") -> None:
        super().__init__(*parts)
        self.chinese = chinese


class WrongUseError(FilingError):
    """What was asked for cannot be understood."""

    exit_code = 2


class RefusedError(FilingError):
    """Understood but not allowed now: a lock, a missing decision, a policy."""

    exit_code = 3
