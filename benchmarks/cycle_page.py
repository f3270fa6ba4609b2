"""The measured part of `docs/performance.md` on whole cycles, with its plot."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("svg")
from matplotlib import pyplot as plt

from benchmarks.page import write_section

#: The three runs as a whole, and the fourth: what their stages add up to, with beginning and end of a run.
WHOLE, IDLE = "the three runs", "the fourth run, nothing to do"

Measured = Mapping[str, Any]


def write_page(docs: Path, measurements: Sequence[Measured], titles: Mapping[str, str], environment: str) -> None:
    """Replace the section on whole cycles (adding it where there is none) and draw its plot."""
    write_section(docs, "cycle", _section(measurements, titles, environment))
    _plot(docs / "cycle.svg", measurements)


def _section(measurements: Sequence[Measured], titles: Mapping[str, str], environment: str) -> str:
    parts = "\n".join(f"- **{part}** {title}" for part, title in titles.items())
    steps = "\n".join(
        f"| {row['part']} | {row['applications']:,} | {row['step']} | {row['seconds']:.2f} | "
        f"{row['cpu_seconds']:.2f} | {row['cpu_seconds'] / row['applications'] * 1000:.2f} | {row['peak_mib']:,} |"
        for row in measurements
    )
    return f"""## A whole cycle

Measured with `python -m benchmarks.cycle --docs docs` ({environment}); each part in a process of its own. Parts are compared
by processor seconds of the process and its children.

{parts}

| part | applications | step | seconds | processor seconds | ms an application | peak MiB |
|---|---:|---|---:|---:|---:|---:|
{steps}

| applications | ours, ms an application | f / ours | p / ours | nothing to do, processor seconds |
|---:|---:|---:|---:|---:|
{_ratios(measurements)}

![a whole cycle by stage](cycle.svg)
"""


def _ratios(measurements: Sequence[Measured]) -> str:
    lines = []
    for size in dict.fromkeys(row["applications"] for row in measurements):
        mine = [row for row in measurements if row["applications"] == size]
        ours = _cpu(row for row in mine if row["part"] == "ours" and row["step"] == WHOLE)
        idle = _cpu(row for row in mine if row["part"] == "ours" and row["step"] == IDLE)
        floor, plain = (_cpu(row for row in mine if row["part"] == part) for part in ("f", "p"))
        ratios = (f"{other / ours:.2f}" if other else "—" for other in (floor, plain))
        lines.append(f"| {size:,} | {ours / size * 1000:.1f} | {' | '.join(ratios)} | {idle:.2f} |")
    return "\n".join(lines)


def _cpu(measured: Iterable[Measured]) -> float:
    return float(sum(row["cpu_seconds"] for row in measured))


def _plot(path: Path, measurements: Sequence[Measured]) -> None:
    """Processor milliseconds an application, by stage, one bar a part and size."""
    figure, axes = plt.subplots(figsize=(7, 4.2), layout="constrained")
    shown = [row for row in measurements if not row["step"].endswith(("runs", "nothing to do"))]
    bars = list(dict.fromkeys((row["part"], row["applications"]) for row in shown))
    below = dict.fromkeys(bars, 0.0)
    for step in dict.fromkeys(row["step"] for row in shown):
        spent = {(row["part"], row["applications"]): row["cpu_seconds"] for row in shown if row["step"] == step}
        heights = [spent.get(bar, 0.0) / bar[1] * 1000 for bar in bars]
        axes.bar([f"{part} {size:,}" for part, size in bars], heights, bottom=list(below.values()), label=step)
        below = {bar: below[bar] + height for bar, height in zip(bars, heights, strict=True)}
    axes.legend()
    axes.set(ylabel="processor ms an application")
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)
