"""The office of a home: what its file may say, what a wrong one is answered, which series a letter belongs to."""

from datetime import date
from pathlib import Path

import pytest

from schemas.office import FILE, UnusableOfficeError, number, read, shipped

_DAY = date(2026, 9, 12)


def office_file(home: Path, text: str) -> Path:
    """The shipped file with lines put in front of it replaced by those of `text`; returns the home."""
    fields = {line.split("=")[0].strip() for line in text.splitlines() if "=" in line}
    kept = [line for line in shipped().splitlines() if line.split("=")[0].strip() not in fields]
    # lines of [numbering] go below it, the others above
    table = kept.index(next(line for line in kept if line.startswith("[numbering]")))
    above, _, below = text.partition("[numbering]\n")
    (home / FILE).write_text("\n".join([above, *kept[: table + 1], below, *kept[table + 1 :]]), "utf-8")
    return home


def test_without_a_file_the_shipped_one_counts(tmp_path: Path) -> None:
    office = read(tmp_path)
    assert (office.name, office.authority) == ("黄石市职业技能鉴定指导中心", "黄石市人力资源和社会保障局")
    assert office.folder(tmp_path) is None


def test_the_homes_own_file_counts_from_the_next_letter_on(tmp_path: Path) -> None:
    assert read(tmp_path).phone == ""
    office_file(tmp_path, 'phone = " 0714-6350000 "\ntemplates = "letters"')
    assert read(tmp_path).phone == "0714-6350000"
    assert read(tmp_path).folder(tmp_path) == tmp_path / "letters"


def test_a_file_saved_by_the_windows_editor_is_read(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(shipped(), "utf-8-sig")
    assert read(tmp_path) == read(tmp_path / "none")


def test_a_letter_belongs_to_the_series_of_its_kind_and_year(tmp_path: Path) -> None:
    office = read(tmp_path)
    assert office.series("correction", _DAY) == "黄职鉴补〔2026〕{serial}号"
    assert office.series("suspension", _DAY) == office.series("dormancy", _DAY) == "黄职鉴〔2026〕{serial}号"
    assert office.series("suspension", date(2027, 1, 1)) == "黄职鉴〔2027〕{serial}号"
    assert number(office.series("correction", _DAY), 12) == "黄职鉴补〔2026〕12号"


def test_a_blank_pattern_leaves_the_number_open(tmp_path: Path) -> None:
    office = read(office_file(tmp_path, '[numbering]\nsuspension = ""'))
    for kind in ("suspension", "announcement", "public_notice"):
        assert office.series(kind, _DAY) == ""
    assert number("", 1) == ""


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('telephone = "1"', r"office\.toml: telephone: there is no such field; write one of name, authority, contact"),
        ('name = ""', r"office\.toml: name: .*at least 1 character"),
        ('copy_to = "省鉴定中心"', r"office\.toml: copy_to: .*list"),
        ("postcode = 435000", r"office\.toml: postcode: is 435000: write it in quotation marks"),
        ("phone = 0714", r"office\.toml cannot be read: .*line"),
        ('[numbering]\ncorrection = "黄职鉴补〔{year}〕号"', r"numbering: correction: .* must hold \{serial\} once"),
        ('[numbering]\ncorrection = "{serial}〔{year}〕{serial}号"', r"must hold \{serial\} once"),
        ('[numbering]\ncorrection = "补〔{yaer}〕{serial}号"', r"correction: '\{yaer\}' cannot be filled in"),
        ('[numbering]\ncorrection = "补{year}{serial}"', r"has a figure beside \{serial\}"),
        ('[numbering]\ncorection = "补〔{year}〕{serial}号"', r"corection: there is no such kind of letter"),
    ],
)
def test_a_wrong_file_is_one_sentence_naming_file_and_field(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(UnusableOfficeError, match=sentence) as refused:
        read(office_file(tmp_path, text))
    assert "\n" not in str(refused.value)


def test_a_file_that_is_not_in_utf_8_says_how_to_save_it(tmp_path: Path) -> None:
    (tmp_path / "office.toml").write_text('name = "鄂州市职业技能鉴定中心"', "gb18030")
    with pytest.raises(UnusableOfficeError, match=r"office\.toml is not UTF-8: save it as UTF-8"):
        read(tmp_path)
