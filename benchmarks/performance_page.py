"""Writes measurements as a table and a plot into `docs/performance.md`; measuring does not belong here."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("svg")
from matplotlib import pyplot as plt

Measured = Mapping[str, Any]

_BEGIN, _END = "<!-- screening: begin -->", "<!-- screening: end -->"


def write_page(docs: Path, found: Sequence[Measured], titles: Mapping[str, str], environment: str) -> None:
    """Replace the measured part of `docs/performance.md` (making the page if there is none) and draw its plot."""
    page = docs / "performance.md"
    text = page.read_text("utf-8") if page.exists() else f"# Performance\n\n{_BEGIN}\n{_END}\n"
    before, rest = text.split(_BEGIN, 1)
    after = rest.split(_END, 1)[1]
    page.write_text(f"{before}{_BEGIN}\n{_section(found, titles, environment)}\n{_END}{after}", "utf-8")
    _plot(docs / "performance.svg", found, titles)


def _section(found: Sequence[Measured], titles: Mapping[str, str], environment: str) -> str:
    parts = "\n".join(f"- **{part}** {title}" for part, title in titles.items())
    rows = "\n".join(_row(each) for each in found)
    return f"""## Screening

Measured with `python -m benchmarks.screening` ({environment}); each part and size in a process of its own, the best of
several runs after a first one that pays for start-up. Peak memory is that of the whole process, the made frames included.

{parts}

| part | applications | rows | seconds | processor seconds | µs an application | peak MiB |
|---|---:|---:|---:|---:|---:|---:|
{rows}

{_ratios(found)}

![seconds by number of applications](performance.svg)
"""


def _row(each: Measured) -> str:
    each_application = each["seconds"] / each["applications"] * 1e6
    return (
        f"| {each['part']} | {each['applications']:,} | {each['rows']:,} | {each['seconds']:.2f} | "
        f"{each['cpu_seconds']:.2f} | {each_application:,.0f} | {each['peak_mib']:,} |"
    )


def _ratios(found: Sequence[Measured]) -> str:
    """How the parts stand to each other at each size, by processor seconds: a busy machine does not change those."""
    by_key = {(each["part"], each["applications"]): each["cpu_seconds"] for each in found}
    lines = []
    for applications in dict.fromkeys(each["applications"] for each in found):
        for over, under in (("b", "a"), ("c", "b"), ("c*", "b")):
            if (over, applications) in by_key and (under, applications) in by_key:
                ratio = by_key[over, applications] / by_key[under, applications]
                lines.append(f"- {applications:,} applications: {over} = {ratio:.1f} × {under} in processor seconds")
    return "\n".join(lines)


def _plot(path: Path, found: Sequence[Measured], titles: Mapping[str, str]) -> None:
    figure, axes = plt.subplots(figsize=(7, 4.2), layout="constrained")
    for part in titles:
        own = [each for each in found if each["part"] == part]
        axes.plot([each["applications"] for each in own], [each["seconds"] for each in own], marker="o", label=part)
    axes.set(xscale="log", yscale="log", xlabel="applications", ylabel="seconds")
    axes.grid(visible=True, which="major", alpha=0.3)
    axes.legend()
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)
