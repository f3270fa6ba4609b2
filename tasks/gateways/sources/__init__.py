"""Where submissions come from: files, an API, a database read into cleaned text frames, not what they mean."""

from tasks.gateways.sources.chosen import Brought, bring, nothing, sends_openly, stated
from tasks.gateways.sources.contents import Advice, Pull, QuarantinedFile, UnknownColumn
from tasks.gateways.sources.folder import pull_file, pull_folder

__all__ = [
    "Advice",
    "Brought",
    "Pull",
    "QuarantinedFile",
    "UnknownColumn",
    "bring",
    "nothing",
    "pull_file",
    "pull_folder",
    "sends_openly",
    "stated",
]
