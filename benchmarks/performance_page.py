"""Writes measurements as a table and a plot into `docs/performance.md`."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("svg")
from matplotlib import pyplot as plt

from benchmarks.page import write_section

Measured = Mapping[str, Any]
#: What is wanted, what was measured and how to write it, whether it is met.
Aim = tuple[str, float, str, bool]

SMALL, MIDDLE, LARGE = 60, 2_000, 32_000
#: Each part with those whose sum it is held against.
COMPARED = (("b", "a"), ("c", "b"), ("c*", "b"), ("d", "a", "e"))


def write_page(docs: Path, measurements: Sequence[Measured], titles: Mapping[str, str], environment: str) -> None:
    """Replace the measured part of `docs/performance.md` (making the page if there is none) and draw its plot."""
    write_section(docs, "screening", _section(measurements, titles, environment))
    _plot(docs / "performance.svg", measurements, titles)


def _section(measurements: Sequence[Measured], titles: Mapping[str, str], environment: str) -> str:
    parts = "\n".join(f"- **{part}** {title}" for part, title in titles.items())
    rows = "\n".join(_row(measured) for measured in measurements)
    return f"""## Screening

Measured with `python -m benchmarks.screening` ({environment}); each part and size in a process of its own, the best of
several runs (d and e: the only one) after a first one that pays for start-up. Peak memory is that of the whole process,
the made frames included. Parts are compared by processor seconds: those a busy machine changes little.

{parts}

| part | applications | rows | seconds | processor seconds | µs an application | peak MiB |
|---|---:|---:|---:|---:|---:|---:|
{rows}

| applications | b / a | c / b | c* / b | d / (a + e) |
|---:|---:|---:|---:|---:|
{_ratios(measurements)}

| aim | measured | |
|---|---:|---|
{_aims(measurements)}

![seconds by number of applications](performance.svg)
"""


def _row(measured: Measured) -> str:
    each_application = measured["seconds"] / measured["applications"] * 1e6
    return (
        f"| {measured['part']} | {measured['applications']:,} | {measured['rows']:,} | {measured['seconds']:.2f} | "
        f"{measured['cpu_seconds']:.2f} | {each_application:,.0f} | {measured['peak_mib']:,} |"
    )


def _ratio(measurements: Sequence[Measured], applications: int, over: str, *under: str) -> float | None:
    """How a part stands to the sum of others at one size; None where one of them was not measured."""
    spent = {row["part"]: row["cpu_seconds"] for row in measurements if row["applications"] == applications}
    if not {over, *under} <= set(spent):
        return None
    return float(spent[over] / sum(spent[part] for part in under))


def _ratios(measurements: Sequence[Measured]) -> str:
    lines = []
    for applications in dict.fromkeys(row["applications"] for row in measurements):
        ratios = [_ratio(measurements, applications, over, *under) for over, *under in COMPARED]
        shown = " | ".join("" if ratio is None else f"{ratio:.1f}" for ratio in ratios)
        lines.append(f"| {applications:,} | {shown} |")
    return "\n".join(lines)


def _aims(measurements: Sequence[Measured]) -> str:
    return "\n".join(
        f"| {says} | {measured:{form}} | {'met' if met else '**missed**'} |"
        for says, measured, form, met in (*_aims_of_ratios(measurements), *_aims_of_sizes(measurements))
    )


def _aims_of_ratios(measurements: Sequence[Measured]) -> Iterator[Aim]:
    b, c, d = (_ratio(measurements, LARGE, *parts) for parts in (("b", "a"), ("c", "b"), ("d", "a", "e")))
    if b is not None:
        yield f"{LARGE:,} applications: b ≤ 1.5 a", b, ".2f", b <= 1.5
    if c is not None:
        yield f"{LARGE:,} applications: c ≥ 20 b", c, ".1f", c >= 20
    if d is not None:
        yield f"{LARGE:,} applications: d ≤ 2 (a + e)", d, ".2f", d <= 2


def _aims_of_sizes(measurements: Sequence[Measured]) -> Iterator[Aim]:
    sizes = {(row["part"], row["applications"]): row for row in measurements}
    for part in ("b", "d"):
        small, middle, large = (sizes.get((part, size)) for size in (SMALL, MIDDLE, LARGE))
        if small:
            seconds = small["seconds"]
            yield f"{SMALL} applications: {part} in under 1 second", seconds, ".2f", seconds < 1
        if large:
            peak = large["peak_mib"]
            yield f"{LARGE:,} applications: {part} within 2,048 MiB", peak, ",", peak < 2048
        if middle and large:
            growth = _divide(large) / _divide(middle)
            yield (
                f"{part}: an application among {LARGE:,} costs no more than among {MIDDLE:,}",
                growth,
                ".2f",
                growth <= 1,
            )


def _divide(measured: Measured) -> float:
    return float(measured["cpu_seconds"] / measured["applications"])


def _plot(path: Path, measurements: Sequence[Measured], titles: Mapping[str, str]) -> None:
    figure, axes = plt.subplots(figsize=(7, 4.2), layout="constrained")
    for part in titles:
        rows = [row for row in measurements if row["part"] == part]
        axes.plot([row["applications"] for row in rows], [row["seconds"] for row in rows], marker="o", label=part)
    axes.set(xscale="log", yscale="log", xlabel="applications", ylabel="seconds")
    axes.grid(visible=True, which="major", alpha=0.3)
    axes.legend()
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)
