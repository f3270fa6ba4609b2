"""Whole files and folders on disk, and what was set aside."""
