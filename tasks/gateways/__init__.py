"""The world outside: where submissions come from, and where packages, letters and editions go."""
