"""Every hostile input in every place it can come in by: told apart as the page says, at bounded cost, nothing lost."""

import shutil
from pathlib import Path

import pytest

from tests.hostile import page, trial
from tests.hostile.attacks import ATTACKS, Attack

FAMILIES = list(dict.fromkeys(attack.family for attack in ATTACKS))
PAGE = Path(__file__).parents[2] / "docs" / "hostile-input.md"


@pytest.fixture(scope="module")
def watch() -> trial.Watch:
    return trial.Watch()


def tried(attacks: list[Attack], folder: Path, watch: trial.Watch) -> list[page.Row]:
    """What became of each; whatever it cost beyond the bounds, or wrote elsewhere, fails here."""
    rows = []
    for number, attack in enumerate(attacks):
        place = folder / f"{number}"
        with watch.watching():
            row = page.row_of(attack, place)
        assert watch.outside(folder) == [], attack.title
        rows.append(row)
        shutil.rmtree(place)
    return rows


#: Families of which each input is opened in a process apart until its limits end it.
DEAR = {"parquet", "json", "bombs"}


@pytest.mark.parametrize(
    "family", [pytest.param(family, marks=pytest.mark.slow) if family in DEAR else family for family in FAMILIES]
)
def test_inputs_become_what_the_page_says(family: str, tmp_path: Path, watch: trial.Watch) -> None:
    chosen = [attack for attack in ATTACKS if attack.family == family and not attack.slow]
    lines = PAGE.read_text("utf-8").splitlines()
    for row in tried(chosen, tmp_path, watch):
        assert page.line_of(row) in lines, "run `make hostile` and look at what it changes in docs/hostile-input.md"


@pytest.mark.slow
def test_large_inputs_become_what_the_page_says(tmp_path: Path, watch: trial.Watch) -> None:
    lines = PAGE.read_text("utf-8").splitlines()
    for row in tried([attack for attack in ATTACKS if attack.slow], tmp_path, watch):
        assert page.line_of(row) in lines, "run `make hostile` and look at what it changes in docs/hostile-input.md"


def test_every_reason_is_one_sentence_that_says_what_to_do(tmp_path: Path, watch: trial.Watch) -> None:
    chosen = [attack for attack in ATTACKS if attack.family in ("names", "kinds")]
    reasons = [reason for row in tried(chosen, tmp_path, watch) for became in row.became for reason in became.reasons]
    assert len(reasons) > 25
    for reason in reasons:
        assert reason.isprintable(), reason
        assert "请" in reason, reason
        assert "11010519491231002X" not in reason


KINDS = [
    "results",
    "activities",
    "register",
    "decisions",
    "experts",
    "institution-codes",
    "inspectors",
    "inspection-outcomes",
]


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_no_file_breaks_an_import(kind: str, home: Path, tmp_path: Path, watch: trial.Watch) -> None:
    taken = []
    for number, attack in enumerate(attack for attack in ATTACKS if not attack.slow):
        folder = tmp_path / "files" / f"{number}"
        folder.mkdir(parents=True)
        with watch.watching():
            became = trial.imported(attack, folder, kind)
        assert watch.outside(home, folder) == [], attack.title
        taken.append(became)
        assert became is None or page.is_bounded(became), (attack.title, became)
        shutil.rmtree(folder)
    aside = [became for became in taken if became is not None and became.what == "set aside"]
    assert len(aside) > 40


def test_a_file_that_grows_while_it_is_read_is_left_for_the_next_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tasks.gateways.sources import pull_folder
    from tasks.gateways.sources.formats import limits

    file = tmp_path / "applications.csv"
    file.write_text("申报编号,统一社会信用代码\nA1,91420200MA4WTP9T4D\n", "utf-8")
    sizes = limits.check_size

    def grow(name: str, size: int) -> None:
        sizes(name, size)
        with file.open("a", encoding="utf-8") as stream:
            stream.write("A2,91420200MA4WTP9T4D\n")

    monkeypatch.setattr(limits, "check_size", grow)
    (quarantined,) = pull_folder(tmp_path).quarantined
    assert "仍在写入，写完后下次运行会重新收取" in quarantined.reason
    monkeypatch.undo()
    assert pull_folder(tmp_path).tables["applications"]["application_no"].tolist() == ["A1", "A2"]
