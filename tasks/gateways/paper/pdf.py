"""Converting Word files to PDF with LibreOffice, and joining PDF files."""

import shutil
import subprocess
from collections.abc import Iterable, Mapping
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from pypdf import PdfReader, PdfWriter

from schemas.errors import RefusedError

_PROGRAMS: Final = ("soffice", "libreoffice")
#: A hundred letters take about a minute; a process that hangs must not hold a run for ever.
_SECONDS: Final = 900.0
#: Given 150 files, one process of LibreOffice left some out and ended as if all had gone well.
_PORTION: Final = 40


class NoOfficeSuiteError(RefusedError, OSError):
    """LibreOffice is missing or could not convert a file: one sentence."""


def as_pdf(documents: Mapping[str, bytes]) -> dict[str, bytes]:
    """Word files as PDF files under the same keys; each process of LibreOffice converts some dozens.

    Raises NoOfficeSuiteError.
    """
    program = next(filter(None, map(shutil.which, _PROGRAMS)), None)
    if program is None:
        raise NoOfficeSuiteError("LibreOffice is not installed, and PDF files need it: install it, or print the .docx")
    keys = list(documents)
    portions = (keys[start : start + _PORTION] for start in range(0, len(keys), _PORTION))
    return {
        key: pdf for portion in portions for key, pdf in _set({key: documents[key] for key in portion}, program).items()
    }


def _set(documents: Mapping[str, bytes], program: str) -> dict[str, bytes]:
    with TemporaryDirectory(prefix="filing-pdf-") as spare:
        folder = Path(spare)
        sources = {key: folder / f"{place}.docx" for place, key in enumerate(documents)}
        for key, path in sources.items():
            path.write_bytes(documents[key])
        # with its own profile, for that of a person at the screen would be locked
        command = [program, f"-env:UserInstallation=file://{folder / 'profile'}", "--headless", "--convert-to", "pdf"]
        try:
            subprocess.run(  # noqa: S603  the program is found by its name, the files are ours
                [*command, "--outdir", str(folder), *map(str, sources.values())],
                check=True,
                capture_output=True,
                timeout=_SECONDS,
            )
            return {key: path.with_suffix(".pdf").read_bytes() for key, path in sources.items()}
        except (subprocess.SubprocessError, OSError) as failed:
            raise NoOfficeSuiteError(
                f"LibreOffice could not set the files ({type(failed).__name__}): open one of the .docx in it to see why"
            ) from failed


def joined(files: Iterable[bytes]) -> bytes:
    """PDF files one after the other as one."""
    writer, buffer = PdfWriter(), BytesIO()
    for file in files:
        writer.append(PdfReader(BytesIO(file)))
    writer.write(buffer)
    return buffer.getvalue()
