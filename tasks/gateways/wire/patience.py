"""When a way out is taken to be down: what is left in the outbox is then not tried one by one; trying is the tasks'."""

from tasks.gateways.wire.mail import DeliveryFailed

#: So many failures in a row that another time might mend are no accident of single packages or letters.
_ENOUGH = 3


class Patience:
    """Counts failures in a row of one way out, so that a dead server costs three time-outs and not three hundred."""

    def __init__(self) -> None:
        self._lost = 0

    def assert_left(self) -> None:
        """Raises DeliveryFailed once enough deliveries in a row have failed."""
        if self._lost >= _ENOUGH:
            raise DeliveryFailed("not tried, for the deliveries before it found nobody there", retryable=True)

    def note(self, failed: DeliveryFailed) -> None:
        """Count a failure; one that trying later would not mend says nothing about the way out."""
        self._lost = self._lost + 1 if failed.retryable else 0

    def renew(self) -> None:
        """A delivery succeeded."""
        self._lost = 0
