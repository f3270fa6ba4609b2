"""Office files as the same bytes for the same content."""

from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

_STAMP = (1980, 1, 1, 0, 0, 0)


def packed(office_file: bytes) -> bytes:
    """A docx or xlsx packed anew: entries sorted by name, one fixed timestamp, one compression."""
    buffer = BytesIO()
    with ZipFile(BytesIO(office_file)) as source, ZipFile(buffer, "w") as target:
        for name in sorted(source.namelist()):
            entry = ZipInfo(name, _STAMP)
            entry.compress_type = ZIP_DEFLATED
            entry.create_system = 3  # zipfile would write the system it runs on
            target.writestr(entry, source.read(name))
    return buffer.getvalue()
