"""File formats read into tables of cells."""
