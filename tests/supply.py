"""What the product is made of: known vulnerabilities, licences, a bill of materials; `make supply`.

Each check ends in passed, failed or not run; one that did not run is said to be so and is no pass. With `--write` the
list of licences is written anew.
"""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

ROOT = Path(__file__).parents[1]
LOCK, LICENCES, BILL = ROOT / "requirements.lock", ROOT / "docs" / "licences.md", ROOT / "dist" / "sbom.cdx.json"
SECONDS = 120

#: Licences under which a library may be used unchanged by software under Apache-2.0, as their metadata spell them.
ALLOWED = {
    *("Apache-2.0", "Apache Software License", "MIT", "MIT License", "MIT-0", "ISC", "ISC License (ISCL)", "0BSD"),
    *("BSD License", "BSD-2-Clause", "BSD-3-Clause", "Zlib", "CC0-1.0", "PSF-2.0", "CNRI-Python", "Artistic License"),
    # weak copyleft: the library stays what it is and can be replaced
    *("MPL-2.0", "Mozilla Public License 2.0 (MPL 2.0)", "LGPL-2.1-only", "LGPL-3.0-only"),
}
#: Where the metadata list licences to choose from that are not all allowed, or none: the one we use it under.
CHOSEN = {
    "text-unidecode": "Artistic License",
    # its metadata have none; the LICENSE file beside them is this one
    "pyrage": "MIT",
}


@dataclass(frozen=True)
class Checked:
    """How one check ended."""

    name: str
    ended: Literal["passed", "failed", "not run"]
    sentence: str


def locked() -> set[str]:
    """The names in the product's lock, as registries compare them."""
    return {_key(name) for name in re.findall(r"^([A-Za-z0-9_.-]+)==", LOCK.read_text("utf-8"), re.MULTILINE)}


def vulnerabilities() -> Checked:
    """Whether a known vulnerability stands against any locked version."""
    name = "vulnerabilities"
    command = [
        "--requirement",
        str(LOCK),
        "--disable-pip",
        "--progress-spinner",
        "off",
        "--timeout",
        "10",
        "--format",
        "json",
    ]
    try:
        ended = _run("pip-audit", *command)
    except subprocess.TimeoutExpired:
        return Checked(name, "not run", f"the vulnerability service did not answer within {SECONDS} s")
    try:
        audited = json.loads(ended.stdout)["dependencies"]
    except (ValueError, KeyError):
        lines = ended.stderr.strip().splitlines() or ["it said nothing"]
        return Checked(name, "not run", f"pip-audit could not work: {lines[-1]}")
    return judged(audited)


def judged(audited: list[dict[str, Any]]) -> Checked:
    """What pip-audit's list amounts to: packages the service does not know were not audited."""
    bad = [
        f"{package['name']} {package['version']}: {weakness['id']}"
        for package in audited
        for weakness in package.get("vulns", ())
    ]
    skipped = sum("skip_reason" in package for package in audited)
    if bad:
        return Checked("vulnerabilities", "failed", "; ".join(bad))
    if skipped or not audited:
        sentence = f"the vulnerability service does not know {skipped} of {len(audited)} packages: it was not reached"
        return Checked("vulnerabilities", "not run", sentence)
    return Checked("vulnerabilities", "passed", f"none known in {len(audited)} packages")


def licences() -> Checked:
    """Whether every package is under an allowed licence, and is listed under it."""
    by_package = _licences()
    unfit = [f"{name}: {licence}" for name, licence in by_package.items() if not is_allowed(name, licence)]
    if unfit:
        return Checked(
            "licences",
            "failed",
            "not allowed: replace the package, or decide on it in tests/supply.py: " + "; ".join(unfit),
        )
    listed = LICENCES.read_text("utf-8").splitlines() if LICENCES.is_file() else []
    missing = [name for name, licence in by_package.items() if _line(name, licence) not in listed]
    if missing:
        return Checked(
            "licences", "failed", f"docs/licences.md is out of date, run `make licences`: {', '.join(missing)}"
        )
    return Checked("licences", "passed", f"{len(by_package)} packages, all allowed, as docs/licences.md lists them")


def is_allowed(name: str, licence: str) -> bool:
    """Whether each licence of an expression is allowed, or one we may choose is."""
    chosen = CHOSEN.get(name, licence)
    if licence not in (chosen, "UNKNOWN") and chosen not in re.split("; ", licence):
        return False
    return all(part in ALLOWED for part in re.split(r"; | AND | OR ", chosen.replace("(Apache-2.0 OR MIT)", "MIT")))


def bill_of_materials() -> Checked:
    """A CycloneDX bill of the lock, hashes included, written into `dist/`."""
    BILL.parent.mkdir(exist_ok=True)
    ended = _run(
        "cyclonedx-py",
        *("requirements", str(LOCK), "--pyproject", str(ROOT / "pyproject.toml"), "--output-reproducible"),
        *("--no-validate", "--of", "JSON", "--output-file", str(BILL)),
    )
    if ended.returncode:
        return Checked("bill of materials", "failed", ended.stderr.strip().splitlines()[-1])
    names = {_key(component["name"]) for component in json.loads(BILL.read_text("utf-8"))["components"]}
    if names != locked():
        return Checked("bill of materials", "failed", f"it differs from the lock by {sorted(names ^ locked())}")
    return Checked("bill of materials", "passed", f"{len(names)} packages in {BILL.relative_to(ROOT)}")


def write_licences() -> None:
    """Write the list; packages of other platforms keep the line they have."""
    lines = [_line(name, licence) for name, licence in _licences().items()]
    head = [
        "# Licences",
        "",
        "Of the packages the product is installed with (`requirements.lock`); written by `make licences`.",
        "",
        "Shipped beside them: htmx 2.0.11 (0BSD), in `deployments/desk/static/` with its licence.",
    ]
    LICENCES.write_text("\n".join([*head, "", "| package | licence |", "|---|---|", *lines, ""]), "utf-8")


def _licences() -> dict[str, str]:
    rows = json.loads(_run("pip-licenses", "--format=json", "--with-system", "--from=mixed").stdout)
    by_package = {_key(row["Name"]): row["License"] for row in rows}
    return {name: by_package[name] for name in sorted(locked()) if name in by_package}


def _line(name: str, licence: str) -> str:
    chosen = f" (used under {CHOSEN[name]})" if name in CHOSEN else ""
    return f"| {name} | {licence}{chosen} |"


def _key(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _run(tool: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [str(Path(sys.executable).parent / tool), *arguments]
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=SECONDS)


CHECKS: tuple[Callable[[], Checked], ...] = (vulnerabilities, licences, bill_of_materials)


def main() -> int:
    """Run every check, or make the bill alone (`--bill`); 1 where one failed."""
    if "--write" in sys.argv:
        write_licences()
    checked = [check() for check in ((bill_of_materials,) if "--bill" in sys.argv else CHECKS)]
    for check in checked:
        print(f"{check.ended:8} {check.name}: {check.sentence}")
    counts = ", ".join(
        f"{sum(check.ended == ended for check in checked)} {ended}" for ended in ("passed", "failed", "not run")
    )
    print(f"supply: {counts}")
    return int(any(check.ended == "failed" for check in checked))


if __name__ == "__main__":
    sys.exit(main())
