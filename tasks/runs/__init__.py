"""A run's life: its beginning under a lease, its progress and page, its waiting, and the alerts about it."""
