"""Folder and mail: a package arrives once, and nobody's half-filled workbook is lost."""

import errno
import json
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from schemas.evaluation import EvaluatedInstitution, EvaluationPackage, Panel
from schemas.policy import in_force
from tasks.gateways.disk import files
from tasks.gateways.evaluators import Channel, DeliveryFailed, FolderChannel, SmtpChannel, channels, package_files
from tasks.gateways.wire.mail import Mailer, SmtpSettings

POLICY = in_force(date(2026, 9, 10))

MakePackage = Callable[..., EvaluationPackage]
_PLACE = "2026-09/HS-2026-09-0012"


def _deliver(channel: Channel, package: EvaluationPackage) -> str:
    return channel.deliver(package, package_files(package, POLICY), f"{package.application_no}:r{package.revision}")


def _files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_package_lies_in_the_folder_of_its_application(make_package: MakePackage, tmp_path: Path) -> None:
    package = make_package()
    assert _deliver(FolderChannel(tmp_path), package) == f"folder:{_PLACE}#1"
    assert _files(tmp_path) == {f"{_PLACE}/{name}": content for name, content in package_files(package, POLICY).items()}


def test_delivering_again_leaves_a_half_filled_workbook_alone(make_package: MakePackage, tmp_path: Path) -> None:
    package, workbook = make_package(), tmp_path / _PLACE / "评分表.xlsx"
    receipt = _deliver(FolderChannel(tmp_path), package)
    workbook.write_bytes(b"half filled in")
    assert _deliver(FolderChannel(tmp_path), package) == receipt
    assert workbook.read_bytes() == b"half filled in"


def test_a_file_somebody_deleted_comes_back(make_package: MakePackage, tmp_path: Path) -> None:
    package = make_package()
    _deliver(FolderChannel(tmp_path), package)
    whole = _files(tmp_path)
    for name in whole:
        (tmp_path / name).unlink()
        _deliver(FolderChannel(tmp_path), package)
        assert _files(tmp_path) == whole


def test_a_later_revision_keeps_the_former_workbook(make_package: MakePackage, tmp_path: Path) -> None:
    _deliver(FolderChannel(tmp_path), make_package())
    (tmp_path / _PLACE / "评分表.xlsx").write_bytes(b"filled in")
    second = make_package(revision=2)
    _deliver(FolderChannel(tmp_path), second)
    files = _files(tmp_path / _PLACE)
    assert files == {**package_files(second, POLICY), "评分表-第1次.xlsx": b"filled in"}
    assert json.loads(files["package.json"])["revision"] == 2


class _Killed(BaseException):
    pass


@pytest.mark.parametrize("revision", [1, 2])
@pytest.mark.parametrize("survived", [0, 1, 2, 3])
def test_a_kill_between_any_two_files_is_mended_by_delivering_again(
    make_package: MakePackage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, revision: int, survived: int
) -> None:
    undisturbed, disturbed = tmp_path / "a", tmp_path / "b"
    for folder in (undisturbed, disturbed):
        if revision > 1:
            _deliver(FolderChannel(folder), make_package(revision=revision - 1))
    package, left = make_package(revision=revision), survived
    put: Callable[..., Path] = vars(channels)["put"]

    def mortal(*args: Any, **more: Any) -> Path:
        nonlocal left
        if not left:
            raise _Killed
        left -= 1
        return put(*args, **more)

    _deliver(FolderChannel(undisturbed), package)
    monkeypatch.setattr(channels, "put", mortal)
    if survived < 1 + revision:
        with pytest.raises(_Killed):
            _deliver(FolderChannel(disturbed), package)
        assert b'"revision": %d' % revision not in _files(disturbed).get(f"{_PLACE}/package.json", b"")
    monkeypatch.setattr(channels, "put", put)
    _deliver(FolderChannel(disturbed), package)
    assert _files(disturbed) == _files(undisturbed)


@pytest.mark.parametrize("number", ["../../etc/passwd", "/etc", "a/b", "..", "x\0y", "长" * 300, "con|in?"])
def test_a_hostile_application_number_stays_in_the_folder(
    make_package: MakePackage, tmp_path: Path, number: str
) -> None:
    package = make_package(application_no=number)
    assert _deliver(FolderChannel(tmp_path / "outbox"), package) == _deliver(
        FolderChannel(tmp_path / "outbox"), package
    )
    files = _files(tmp_path)
    assert len(files) == 2
    assert {Path(name).parts[:2] for name in files} == {("outbox", "2026-09")}
    assert {len(Path(name).parts) for name in files} == {4}


def test_a_disk_that_refuses_is_worth_another_try(
    make_package: MakePackage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any, **__: Any) -> Path:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(channels, "put", full)
    with pytest.raises(DeliveryFailed, match="No space left") as refused:
        _deliver(FolderChannel(tmp_path), make_package())
    assert refused.value.retryable


@pytest.fixture
def mailing(smtp: SmtpSettings, tmp_path: Path) -> SmtpChannel:
    addresses: Mapping[str, str] = {"E2": "liu@experts.example"}
    return SmtpChannel(Mailer(smtp, tmp_path), lambda number: addresses.get(number, ""), "office@hs.example")


def test_a_package_is_mailed_to_the_panels_lead_once(
    mailing: SmtpChannel, postmaster: Any, make_package: MakePackage
) -> None:
    package = make_package()
    assert _deliver(mailing, package) == _deliver(mailing, package)
    (message,) = postmaster.accepted
    assert message["To"] == "liu@experts.example"
    assert message["Subject"] == "评估送评：湖北新冶钢职业培训学校（HS-2026-09-0012，2026-09批次）"
    attached = {part.get_filename(): part.get_payload(decode=True) for part in message.iter_attachments()}
    assert attached == package_files(package, POLICY)
    assert "刘芳组长" in message.get_body().get_content()
    _deliver(mailing, make_package(revision=2))
    assert len(postmaster.accepted) == 2


def test_without_a_lead_or_an_address_the_office_gets_it(
    mailing: SmtpChannel, postmaster: Any, make_package: MakePackage
) -> None:
    _deliver(mailing, make_package(panel=Panel()))
    first = make_package(application_no="HS-2")
    _deliver(mailing, first.model_copy(update={"panel": first.panel.model_copy(update={"lead": "E1"})}))
    assert {message["To"] for message in postmaster.accepted} == {"office@hs.example"}
    assert len(postmaster.accepted) == 2


def test_a_hostile_name_makes_no_header(mailing: SmtpChannel, postmaster: Any, make_package: MakePackage) -> None:
    name = "甲\r\nBcc: thief@example.org"
    institution = EvaluatedInstitution(name=name, uscc="X", institution_type="企业")
    _deliver(mailing, make_package(institution=institution))
    (message,) = postmaster.accepted
    assert message["Bcc"] is None
    assert "\r\nBcc" not in message.get_body().get_content()


def test_folders_are_waited_for_once_a_batch(
    make_package: MakePackage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[Path] = []
    monkeypatch.setattr(files, "sync_folder", synced.append)
    channel = FolderChannel(tmp_path)
    for number in ("HS202609-0001", "HS202609-0002"):
        _deliver(channel, make_package().model_copy(update={"application_no": number}))
    assert synced == []
    channel.settle()
    assert sorted(path.relative_to(tmp_path).as_posix() for path in synced) == [
        ".",
        "2026-09",
        "2026-09/HS202609-0001",
        "2026-09/HS202609-0002",
    ]
