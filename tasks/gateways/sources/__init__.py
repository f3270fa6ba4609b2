"""Where submissions come from: files, an API, a database read into cleaned text frames, not what they mean."""

from tasks.gateways.sources.assembling import nothing
from tasks.gateways.sources.attachments import is_looked_for
from tasks.gateways.sources.cells.reader import spelled
from tasks.gateways.sources.cells.text import compared
from tasks.gateways.sources.chosen import LANDINGS, Brought, bring, is_due, sends_openly, stated
from tasks.gateways.sources.contents import LINE, Advice, Pull, QuarantinedFile, UnknownColumn, discreet
from tasks.gateways.sources.doors import (
    DESK,
    DESK_FOLDER,
    PANELS,
    UnreadableListError,
    folders_named,
    lists_beside,
    read_list,
)
from tasks.gateways.sources.far.addresses import Bounds
from tasks.gateways.sources.folder import PATH, WORKBOOKS, Unread, is_table_file, pull_file, pull_folder, results_of
from tasks.gateways.sources.formats.plain_files import is_handed_in
from tasks.gateways.sources.setting_aside import FILE
from tasks.gateways.sources.vouching import vouched

__all__ = [
    "DESK",
    "DESK_FOLDER",
    "FILE",
    "LANDINGS",
    "LINE",
    "PANELS",
    "PATH",
    "WORKBOOKS",
    "Advice",
    "Bounds",
    "Brought",
    "Pull",
    "QuarantinedFile",
    "UnknownColumn",
    "Unread",
    "UnreadableListError",
    "bring",
    "compared",
    "discreet",
    "folders_named",
    "is_due",
    "is_handed_in",
    "is_looked_for",
    "is_table_file",
    "lists_beside",
    "nothing",
    "pull_file",
    "pull_folder",
    "read_list",
    "results_of",
    "sends_openly",
    "spelled",
    "stated",
    "vouched",
]
