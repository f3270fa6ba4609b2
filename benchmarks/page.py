"""The sections of `docs/performance.md` that benchmarks write, between marks of their names."""

from pathlib import Path


def write_section(docs: Path, name: str, text: str) -> None:
    """Replace the section of a benchmark, adding it (and the page) where there is none."""
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    page = docs / "performance.md"
    whole = page.read_text("utf-8") if page.exists() else "# Performance"
    if begin not in whole:
        whole = f"{whole.rstrip()}\n\n{begin}\n{end}\n"
    before, rest = whole.split(begin, 1)
    page.write_text(f"{before}{begin}\n{text}\n{end}{rest.split(end, 1)[1]}", "utf-8")
