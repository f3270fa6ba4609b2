"""Lists of an installation's own: from which day each holds, and what a wrong file is refused with."""

from datetime import date
from pathlib import Path

import pytest

from schemas.reference_data import Reference, UnusableReferenceError, reference
from schemas.settings import Settings, using

HEADS = {
    "occupations_2028.csv": "code,name",
    "new_occupations_2027.csv": "batch,document,published_on,name,code_2022",
    "access_qualifications_2027.csv": "qualification,code_2022,coverage,in_force_from",
    "occupation_changes.csv": "old_code,new_code,from_day,document",
}


def lists(home: Path, **rows: str) -> Reference:
    """The lists with a folder of further files; `rows` by the beginning of the file's name."""
    folder = home / "lists"
    folder.mkdir(parents=True)
    for name, text in rows.items():
        (file,) = (head for head in HEADS if head.startswith(name))
        (folder / file).write_text(f"{HEADS[file]}\n{text}\n", "utf-8")
    with using(Settings(home=home, reference=folder)):
        return reference()


def test_a_later_dictionary_takes_the_place_of_the_former_from_its_day(tmp_path: Path) -> None:
    reference_lists = lists(tmp_path, occupations="6-18-01-01,数控车工")
    assert reference_lists.names_on(date(2027, 12, 31))["6-18-01-01"] == "车工"
    assert reference_lists.names_on(date(2028, 1, 1)) == {"6-18-01-01": "数控车工"}
    assert reference_lists.occupation_names()["4-03-02-01"] == "中式烹调师", "what has left it keeps its name"


def test_a_later_occupation_with_a_code_adds_to_the_dictionary_from_its_day(tmp_path: Path) -> None:
    reference_lists = lists(tmp_path, new_occupations="9,某号,2027-07-01,低空管制员,4-02-99-01")
    assert "4-02-99-01" not in reference_lists.names_on(date(2027, 6, 30))
    assert reference_lists.names_on(date(2027, 7, 1))["4-02-99-01"] == "低空管制员"
    assert max(reference_lists.dictionaries()) == date(2027, 7, 1)


def test_a_changed_code_is_the_old_one_until_its_day(tmp_path: Path) -> None:
    reference_lists = lists(tmp_path, occupation_changes="6-18-01-01,6-18-01-91,2027-07-01,某号")
    before, after = reference_lists.names_on(date(2027, 6, 30)), reference_lists.names_on(date(2027, 7, 1))
    assert ("6-18-01-91" in before, before["6-18-01-01"]) == (False, "车工")
    assert ("6-18-01-01" in after, after["6-18-01-91"]) == (False, "车工")


def test_a_code_that_was_changed_twice_is_followed_whatever_the_order_of_the_lines(tmp_path: Path) -> None:
    changes = "6-18-01-91,6-18-01-92,2028-07-01,乙号\n6-18-01-01,6-18-01-91,2027-07-01,甲号"
    names = lists(tmp_path, occupation_changes=changes).names_on(date(2028, 7, 1))
    assert {code: name for code, name in names.items() if name == "车工"} == {"6-18-01-92": "车工"}


def test_a_later_list_of_access_qualifications_replaces_the_former_whole(tmp_path: Path) -> None:
    reference_lists = lists(tmp_path, access="车工,6-18-01-01,whole,2027-07-01")
    assert "4-07-05-01" in set(reference_lists.access_on(date(2027, 6, 30))["code_2022"])
    assert reference_lists.access_on(date(2027, 7, 1))["code_2022"].tolist() == ["6-18-01-01"]


@pytest.mark.parametrize(
    ("name", "row", "sentence"),
    [
        ("occupations", "6-18-1-1,车工", r"occupations_2028\.csv, line 2: code is '6-18-1-1', write a code"),
        ("occupations", "6-18-01-01,", r"occupations_2028\.csv, line 2: name is blank"),
        ("new_occupations", "9,某号,2027-7-1,某工,", r"line 2: published_on is '2027-7-1', write a day"),
        ("access", "车工,6-18-01-01,all,2027-07-01", r"coverage is 'all', write whole, partial, permit"),
        (
            "access",
            "甲,6-18-01-01,whole,2027-07-01\n乙,6-18-01-02,whole,2027-07-02",
            r"line 3: in_force_from is '2027-07-02'",
        ),
        ("access", "车工,6-18-01-01,whole,", r"access_qualifications_2027\.csv: in_force_from is missing"),
        ("occupation_changes", "6-18-01-01,6-18-01-91,,某号", r"occupation_changes\.csv, line 2: from_day is blank"),
    ],
)
def test_a_wrong_cell_is_named_with_file_line_and_column(tmp_path: Path, name: str, row: str, sentence: str) -> None:
    with pytest.raises(UnusableReferenceError, match=sentence):
        lists(tmp_path, **{name: row})


def test_a_file_or_folder_that_is_not_known_is_named(tmp_path: Path) -> None:
    (tmp_path / "lists").mkdir()
    (tmp_path / "lists" / "occupation.csv").write_text("code\n", "utf-8")
    for name, sentence in (("lists", r"occupation\.csv is not known"), ("none", "FILING_REFERENCE names")):
        stated = Settings(home=tmp_path, reference=tmp_path / name)
        with using(stated), pytest.raises(UnusableReferenceError, match=sentence):
            reference()
