"""Who brought a file, when and with what content: put on record for whatever it changed (contract section 4)."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection

from schemas.history import facts_text
from schemas.run import Run
from tasks.gateways.disk.files import file_sha256
from tasks.gateways.sources import discreet
from tasks.store import history


@dataclass(frozen=True)
class Word:
    """Somebody's word that a file is right: the kind of its list, its path, who; blank for the installation's operator."""

    kind: str
    file: Path
    by: str = ""

    def keep(self, db: Connection, new: int, run: Run, subjects: Iterable[str] = ()) -> None:
        """Put on record that the file was brought, for each application it concerns or as one, if it brought anything."""
        by = self.by or run.installation.operator
        because = f"导入文件“{discreet(self.file.name)}”，{new}条新记录"
        facts = facts_text(sha256=file_sha256(self.file))
        for subject in sorted(subjects) or [self.kind]:
            if new:
                history.add_one(db, "import", subject, because, run, by, became=self.kind, facts=facts)
