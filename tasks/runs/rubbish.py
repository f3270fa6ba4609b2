"""How seldom a process looks for rubbish: rows make no rings, and looking costs an eighth of a run, a quarter of a start."""

import gc

#: New objects before the collector looks (700 would be usual), and looks of the younger before those of the older.
_AFTER = (100_000, 50, 50)


def look_seldom() -> None:
    """Have the collector of rubbish look seldom, in this process from now on."""
    gc.set_threshold(*_AFTER)
