"""Waiting after wrong passwords: each failure of a name or of an address doubles how long it must wait."""

import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass

_FREE = 3
_LONGEST_SECONDS = 60.0
_FORGOTTEN_SECONDS = 3600.0
_REMEMBERED = 10_000


@dataclass
class _Failures:
    count: int = 0
    last: float = 0.0

    def wait(self, now: float) -> float:
        if self.count < _FREE or now - self.last > _FORGOTTEN_SECONDS:
            return 0.0
        return max(0.0, self.last + min(2.0 ** (self.count - _FREE + 1), _LONGEST_SECONDS) - now)


class Attempts:
    """The failures of this process's time, by key; a key is a name or an address."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failures: OrderedDict[str, _Failures] = OrderedDict()

    def wait(self, keys: Iterable[str]) -> float:
        """Seconds until the next attempt is listened to."""
        now = self._clock()
        return max((self._failures[key].wait(now) for key in keys if key in self._failures), default=0.0)

    def failed(self, keys: Iterable[str]) -> None:
        """One more wrong password."""
        now = self._clock()
        for key in keys:
            failures = self._failures.setdefault(key, _Failures())
            failures.count = failures.count + 1 if now - failures.last <= _FORGOTTEN_SECONDS else 1
            failures.last = now
            self._failures.move_to_end(key)
        while len(self._failures) > _REMEMBERED:
            self._failures.popitem(last=False)

    def succeeded(self, name: str, address: str) -> None:
        """A right password: what failed under this name is forgotten, and this attempt of the address is no failure."""
        self._failures.pop(name, None)
        if failures := self._failures.get(address):
            failures.count -= 1
