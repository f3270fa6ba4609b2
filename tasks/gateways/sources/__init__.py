"""Where submissions come from: a folder of files read into cleaned text frames, not what they mean."""

from tasks.gateways.sources.contents import Advice, Pull, QuarantinedFile, UnknownColumn
from tasks.gateways.sources.folder import pull_file, pull_folder

__all__ = ["Advice", "Pull", "QuarantinedFile", "UnknownColumn", "pull_file", "pull_folder"]
