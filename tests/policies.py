"""Policy files of an installation's own: the shipped numbers but for some, from another day on."""

from importlib.resources import files
from pathlib import Path

SHIPPED = (files("schemas") / "policies" / "huangshi_2021.toml").read_text("utf-8")


def write_policy(folder: Path, since: str, **numbers: str) -> Path:
    """Put a policy file into the folder; returns the folder."""
    text = SHIPPED.replace("in_force_from = 2021-02-02", f"in_force_from = {since}")
    for name, value in numbers.items():
        lines = [f"{name} = {value}" if line.startswith(f"{name} =") else line for line in text.splitlines()]
        text = "\n".join(lines)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{since}.toml").write_text(text, "utf-8")
    return folder
