"""Policy files of an installation's own: the shipped numbers but for some, or another city's whole."""

from importlib.resources import files
from pathlib import Path

SHIPPED = (files("schemas") / "policies" / "huangshi_2021.toml").read_text("utf-8")
#: A folder of all that makes an invented city: its policy and its office.
CITIES = Path(__file__).parent / "cities"
SECOND_CITY = (CITIES / "qinghe.toml").read_text("utf-8")


def write_policy(folder: Path, since: str, text: str = SHIPPED, **numbers: str) -> Path:
    """Put a policy file into the folder; returns the folder."""
    text = text.replace(_line(text, "in_force_from"), f"in_force_from = {since}")
    for name, value in numbers.items():
        text = text.replace(_line(text, name), f"{name} = {value}")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{since}.toml").write_text(text, "utf-8")
    return folder


def _line(text: str, name: str) -> str:
    return next(line for line in text.splitlines() if line.startswith(f"{name} ="))
