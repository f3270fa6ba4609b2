"""The shelf: editions of the directory as files, their chain, the report on them."""

from tasks.gateways.shelf.chain import edition_names, verify_chain
from tasks.gateways.shelf.content import EarlierEdition, EditionContent
from tasks.gateways.shelf.editions import ShelfError, build, place, point_latest
from tasks.gateways.shelf.listing import read_rows
from tasks.gateways.shelf.province import Background, write_report

__all__ = [
    "Background",
    "EarlierEdition",
    "EditionContent",
    "ShelfError",
    "build",
    "edition_names",
    "place",
    "point_latest",
    "read_rows",
    "verify_chain",
    "write_report",
]
