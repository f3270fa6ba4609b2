"""How seldom garbage is collected: rows form no cycles, and looking for some costs an eighth of a run, a quarter of a start."""

import gc

#: New objects before a collection (700 by default), and collections of the younger generations before one of the older.
_AFTER = (100_000, 50, 50)


def collect_seldom() -> None:
    """Have this process collect garbage seldom from now on."""
    gc.set_threshold(*_AFTER)
