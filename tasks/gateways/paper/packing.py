"""Office files as the same bytes for the same content."""

import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Final
from zipfile import ZipFile

# ZIP's headers (PKWARE's APPNOTE, 4.3.7, 4.3.12, 4.3.16)
_LOCAL: Final = struct.Struct("<4s5H3I2H")
_CENTRAL: Final = struct.Struct("<4s6H3I5H2I")
_END: Final = struct.Struct("<4s4H2IH")
_VERSION, _UNIX, _DEFLATED, _UTF8 = 20, 3 << 8, 8, 0x800
#: One stamp for every entry, 1 January 1980, 0:00.
_TIME, _DATE = 0, (1 << 5) | 1
_OWNERS_ALONE = 0o600 << 16
#: Smaller entries are packed at zlib's fastest level: for thousands of letters half of the time, for a twelfth more bytes.
_SMALL: Final = 65_536
#: zlib's memory level (1 to 9) for small entries: the default of 8 prepares a quarter of a megabyte for a few kilobytes.
_SMALL_MEMORY: Final = 6


@dataclass(frozen=True)
class Packed:
    """One entry of an office file, deflated, with its CRC and its size before."""

    deflated: bytes
    crc: int
    size: int


def packed(office_file: bytes) -> bytes:
    """A docx or xlsx repacked: entries sorted by name, one fixed timestamp, one compression."""
    with ZipFile(BytesIO(office_file)) as source:
        return joined({name: pack(source.read(name)) for name in source.namelist()})


def pack(content: bytes) -> Packed:
    """Compress one entry, which may be joined into several files."""
    is_small = len(content) < _SMALL
    level, memory = (zlib.Z_BEST_SPEED, _SMALL_MEMORY) if is_small else (zlib.Z_DEFAULT_COMPRESSION, zlib.DEF_MEM_LEVEL)
    deflater = zlib.compressobj(level, zlib.DEFLATED, -zlib.MAX_WBITS, memory)
    return Packed(deflater.compress(content) + deflater.flush(), zlib.crc32(content), len(content))


def joined(entries: Mapping[str, Packed]) -> bytes:
    """Entries as one file, in the order of their names; zipfile cannot take entries that are compressed already."""
    whole, directory = bytearray(), bytearray()
    for name, entry in sorted(entries.items()):
        file_name, flag = name.encode(), 0 if name.isascii() else _UTF8
        place = len(whole)
        facts = (flag, _DEFLATED, _TIME, _DATE, entry.crc, len(entry.deflated), entry.size, len(file_name), 0)
        whole += _LOCAL.pack(b"PK\x03\x04", _VERSION, *facts) + file_name + entry.deflated
        directory += _CENTRAL.pack(b"PK\x01\x02", _UNIX | _VERSION, _VERSION, *facts, 0, 0, 0, _OWNERS_ALONE, place)
        directory += file_name
    end = _END.pack(b"PK\x05\x06", 0, 0, len(entries), len(entries), len(directory), len(whole), 0)
    return bytes(whole + directory + end)
