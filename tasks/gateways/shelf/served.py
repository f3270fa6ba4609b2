"""Whom an institution certifies, in words anybody understands."""

from schemas.directory import audiences_text


def audiences_told(audiences: str) -> str:
    """`staff` as `本企业职工（不面向社会）`; blank where nothing is known."""
    if not audiences:
        return ""
    closed = "public" not in audiences.split(";")
    return audiences_text(audiences) + ("（不面向社会）" if closed else "")
