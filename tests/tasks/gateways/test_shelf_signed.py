"""Signed editions: what is changed, chained anew or signed anew is found, by the product and by the script beside it."""

import json
import shutil
import subprocess
import sys
from base64 import b64encode
from datetime import date
from pathlib import Path

import pytest

from tasks.gateways.disk.files import file_sha256
from tasks.gateways.shelf import build, front, keys, place, point_latest, public_notices, verify_editions
from tasks.gateways.shelf.chain import verify
from tasks.gateways.shelf.manifest import body_of, json_bytes, read_manifest, sealed, sha256
from tasks.gateways.shelf.verify_editions import Q, check, is_signed
from tests.editions import HOSTILE, edition, hostile, notice, ordinary

NAMES = ["2026-09.1", "2026-09.2", "2026-09.3"]
DAY = date(2026, 9, 10)


def publish(home: Path, name: str, previous: str | None, rows: int = 7) -> str:
    """One more edition, signed by the home's key where it has one."""
    published = home / "published"
    content = edition(ordinary().iloc[:rows], name=name, previous=previous)
    digest = place(published, build(published, content, keys.signing(home)), name)
    point_latest(published, name)
    front.write(published, home)
    return digest


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose first edition is older than its key, and two signed ones."""
    home = tmp_path_factory.mktemp("signed")
    previous = publish(home, NAMES[0], None, 5)
    keys.new(home, DAY)
    for rows, name in enumerate(NAMES[1:], start=6):
        previous = publish(home, name, previous, rows)
    return home


@pytest.fixture
def home(made: Path, tmp_path: Path) -> Path:
    shutil.copytree(made, tmp_path / "home", symlinks=True)
    return tmp_path / "home"


def public(home: Path) -> list[str]:
    return [key.key for key in keys.public_keys(home / keys.FOLDER)]


def by_script(home: Path, *given: str) -> tuple[int, list[str]]:
    """Exit code and lines of the published script in a bare interpreter: no packages, no environment."""
    command = [sys.executable, "-I", "-S", str(home / "published" / "verify.py"), *given]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, env={}, cwd="/")
    assert ended.stderr == ""
    return ended.returncode, ended.stdout.splitlines()


def found(home: Path, *given: str) -> list[str]:
    """What the published script finds, called as a function; that it is this script is held by the tests that run it."""
    return check(home / "published", list(given))


def chain_anew(published: Path, sign: bool, home: Path | None = None) -> None:
    """Every manifest with the present hashes of its files and of the one before, sealed again; signed by that home's key."""
    previous = None
    for name in NAMES:
        path = published / name / "manifest.json"
        record = json.loads(path.read_bytes())
        body = body_of(record)
        body["files"] = {file: file_sha256(published / name / file) for file in body["files"]}
        body["previous_manifest_sha256"] = previous
        private = keys.signing(home) if home else None
        if sign and private and "signature" in record:
            path.write_bytes(sealed(body, lambda text, key=private: keys.signature(key, text)))  # type: ignore[misc]
        else:
            kept = {"signature": record["signature"]} if "signature" in record else {}
            path.write_bytes(json_bytes({**body, "seal": sha256(json_bytes(body)), **kept}))
        previous = file_sha256(path)


def test_signed_editions_are_believed_and_the_first_one_by_the_next(home: Path) -> None:
    assert verify(home / "published", public(home)).faults == []
    assert verify(home / "published" / NAMES[1], public(home)).faults == []
    assert by_script(home, *public(home)) == (0, ["faults: 0"])
    manifest = read_manifest((home / "published" / NAMES[2] / "manifest.json").read_bytes())
    assert manifest["signature"]["key"] == public(home)[0]
    assert "signature" not in read_manifest((home / "published" / NAMES[0] / "manifest.json").read_bytes())


def test_without_a_key_the_folder_s_own_is_named_to_be_compared(home: Path) -> None:
    verdict = verify(home / "published")
    assert verdict.faults == []
    assert public(home)[0] in verdict.notes[0]
    assert found(home)


def test_the_private_key_is_its_owner_s_alone(home: Path, made: Path) -> None:
    assert (made / "keys" / "signing.pem").stat().st_mode & 0o777 == 0o600
    assert not list((home / "published").rglob("*.pem"))


@pytest.mark.parametrize("name", NAMES)
def test_a_changed_file_is_found(home: Path, name: str) -> None:
    table = home / "published" / name / "directory.csv"
    table.write_bytes(table.read_bytes().replace(b"2026-09-10", b"2026-09-11"))
    assert any("directory.csv was changed" in fault for fault in verify(home / "published", public(home)).faults)
    code, lines = by_script(home, *public(home))
    assert code == 1
    assert f"not as published: '{name}: directory.csv'" in lines


@pytest.mark.parametrize("name", NAMES)
def test_a_folder_chained_anew_is_found_by_its_signatures(home: Path, name: str) -> None:
    table = home / "published" / name / "directory.csv"
    table.write_bytes(table.read_bytes().replace(b"2026-09-10", b"2026-09-11"))
    chain_anew(home / "published", sign=False)
    assert any("the signature is not that" in fault for fault in verify(home / "published", public(home)).faults)
    assert any(fault.endswith(": signature") for fault in found(home, *public(home)))


def test_a_folder_signed_by_somebody_else_is_found(home: Path, tmp_path: Path) -> None:
    office = public(home)
    table = home / "published" / NAMES[2] / "directory.csv"
    table.write_bytes(table.read_bytes().replace(b"2026-09-10", b"2026-09-11"))
    (tmp_path / "other").mkdir()
    keys.new(tmp_path / "other", DAY)
    chain_anew(home / "published", sign=True, home=tmp_path / "other")
    shutil.copy(tmp_path / "other" / "keys" / "keys.json", home / "published" / "keys.json")
    assert any("a key that is not the office's" in fault for fault in verify(home / "published", office).faults)
    assert found(home, *office)


def test_signatures_taken_away_are_missed(home: Path) -> None:
    for name in NAMES[1:]:
        path = home / "published" / name / "manifest.json"
        path.write_bytes(sealed(body_of(json.loads(path.read_bytes()))))
    chain_anew(home / "published", sign=False)
    assert verify(home / "published", public(home)).faults == ["no edition is signed, though there is a key"]
    assert found(home, *public(home))


def test_an_unsigned_edition_after_a_signed_one_is_found(home: Path) -> None:
    path = home / "published" / NAMES[2] / "manifest.json"
    path.write_bytes(sealed(body_of(json.loads(path.read_bytes()))))
    assert (
        f"edition {NAMES[2]} is not signed, and {NAMES[1]} before it is"
        in verify(home / "published", public(home)).faults
    )
    assert found(home, *public(home))


@pytest.mark.parametrize("name", NAMES[:2])
def test_a_missing_edition_is_found_and_the_list_says_so(home: Path, name: str) -> None:
    shutil.rmtree(home / "published" / name)
    assert any("the chain is broken" in fault for fault in verify(home / "published", public(home)).faults)
    assert found(home, *public(home))
    front.write(home / "published", home)
    html = (home / "published" / "index.html").read_text("utf-8")
    assert "上一版缺失或已被改动" in html
    assert name not in html


def test_an_edition_leads_to_its_follower_or_says_that_it_is_missing(home: Path) -> None:
    published = home / "published"
    steps = {name: (published / "next" / f"{name}.html").read_text("utf-8") for name in NAMES}
    assert 'content="0; url=../2026-09.2/index.html"' in steps[NAMES[0]]
    assert 'href="../2026-09.3/index.html" rel="next"' in steps[NAMES[1]]
    assert "尚未公布新的版次" in steps[NAMES[2]]
    shutil.rmtree(published / NAMES[1])
    front.write(published, home)
    assert "下一版缺失或已被改动" in (published / "next" / f"{NAMES[0]}.html").read_text("utf-8")


def test_an_edition_of_an_older_release_stands_beside_the_new_ones(tmp_path: Path) -> None:
    """It is not signed, has no life, no feed and no data package, and its manifest tells no history."""
    published = tmp_path / "published"
    built = build(published, edition(ordinary().iloc[:5], name=NAMES[0]))
    record = json.loads((built / "manifest.json").read_bytes())
    for name in ("life.json", "feed.xml", "datapackage.json"):
        (built / name).unlink()
        del record["files"][name]
    (built / "manifest.json").write_bytes(sealed(body_of(record)))
    previous = place(published, built, NAMES[0])
    keys.new(tmp_path, DAY)
    publish(tmp_path, NAMES[1], previous)
    assert verify(published, public(tmp_path)).faults == []
    assert found(tmp_path, *public(tmp_path)) == []
    html = (published / "index.html").read_text("utf-8")
    older = html[html.index(f'<li id="{NAMES[0]}">') :]
    assert f'href="{NAMES[0]}/directory.csv"' in older
    assert f'href="{NAMES[0]}/feed.xml"' not in older
    assert f"url=../{NAMES[1]}/index.html" in (published / "next" / f"{NAMES[0]}.html").read_text("utf-8")


@pytest.fixture
def noticed(home: Path) -> Path:
    """The same home with a public notice that is older than its key, and a signed one."""
    public_notices.place(home / "published", notice("2026-04.1", date(2026, 4, 20)))
    public_notices.place(home / "published", notice(), keys.signing(home))
    front.write(home / "published", home)
    return home


def test_public_notices_are_signed_like_editions(noticed: Path) -> None:
    published = noticed / "published"
    assert verify(published, public(noticed)).faults == []
    assert verify(published / "notices" / "2026-09.1", public(noticed)).faults == []
    assert found(noticed, *public(noticed)) == []
    html = (published / "index.html").read_text("utf-8")
    assert html.count("已签名") == 3
    # the same notice again, whichever key signs by now
    digest = file_sha256(published / "notices" / "2026-09.1" / "manifest.json")
    assert public_notices.place(published, notice(), keys.signing(noticed)) == digest
    keys.new(noticed, DAY)
    assert public_notices.place(published, notice(), keys.signing(noticed)) == digest


@pytest.mark.parametrize("way", ["changed", "sealed anew", "signature taken away", "signed by another", "moved"])
def test_a_public_notice_that_is_not_the_office_s_is_found(noticed: Path, tmp_path: Path, way: str) -> None:
    published = noticed / "published"
    folder = published / "notices" / "2026-09.1"
    table, manifest = folder / "notice.csv", folder / "manifest.json"
    (tmp_path / "other").mkdir()
    keys.new(tmp_path / "other", DAY)
    if way == "moved":
        shutil.copytree(folder, published / "notices" / "2026-09.2")
    else:
        table.write_bytes(table.read_bytes().replace("黄石磁湖".encode(), "黄石铜都".encode()))
    if way not in {"moved", "changed"}:
        record = json.loads(manifest.read_bytes())
        body = body_of(record)
        body["files"] = {file: file_sha256(folder / file) for file in body["files"]}
        other = keys.signing(tmp_path / "other")
        assert other
        kept = {"signature": record["signature"]} if way == "sealed anew" else {}
        by_other = {"signature": keys.signature(other, json_bytes(body))} if way == "signed by another" else {}
        manifest.write_bytes(json_bytes({**body, "seal": sha256(json_bytes(body)), **kept, **by_other}))
    values = {
        "changed": "public notice 2026-09.1: notice.csv is not what was published",
        "sealed anew": "public notice 2026-09.1: the signature is not that of its manifest.json",
        "signature taken away": "public notice 2026-09.1 is not signed, and what was published on 2026-09-10 is",
        "signed by another": "public notice 2026-09.1 is signed by a key that is not the office's",
        "moved": "public notice 2026-09.2: its manifest.json is that of 2026-09.1",
    }
    assert any(values[way] in fault for fault in verify(published, public(noticed)).faults)
    assert found(noticed, *public(noticed))


def test_a_notice_put_in_the_place_of_an_edition_is_found(noticed: Path) -> None:
    published = noticed / "published"
    shutil.rmtree(published / NAMES[2])
    shutil.copytree(published / "notices" / "2026-09.1", published / NAMES[2])
    assert verify(published, public(noticed)).faults != []
    assert found(noticed, *public(noticed))


@pytest.mark.parametrize("signature", [{}, "", 0, [], {"key": "", "ed25519": ""}, {"key": 1, "ed25519": 2}])
def test_what_only_looks_like_a_signature_is_none(home: Path, signature: object) -> None:
    path = home / "published" / NAMES[2] / "manifest.json"
    body = body_of(json.loads(path.read_bytes()))
    path.write_bytes(json_bytes({**body, "seal": sha256(json_bytes(body)), "signature": signature}))
    assert verify(home / "published", public(home)).faults != []
    assert found(home, *public(home))


def test_a_second_edition_after_the_same_one_is_found(home: Path) -> None:
    """An edition from before the key cannot be slipped in beside the one that follows."""
    published = home / "published"
    forged = edition(
        ordinary().iloc[:2], name="2026-09.7", previous=file_sha256(published / NAMES[0] / "manifest.json")
    )
    place(published, build(published, forged), "2026-09.7")
    assert any("the chain is broken" in fault for fault in verify(published, public(home)).faults)
    assert found(home, *public(home))


def test_the_script_knows_the_signatures_of_the_standard(home: Path) -> None:
    """RFC 8032, section 7.1, and whatever a real key signs; one bit less is no signature."""
    assert (home / "published" / "verify.py").read_bytes() == Path(verify_editions.__file__).read_bytes()
    public_key = bytes.fromhex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")
    signed = bytes.fromhex(
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
    )
    key = b64encode(public_key).decode()
    assert is_signed(key, b64encode(signed).decode(), b"\x72", [key])
    assert not is_signed(key, b64encode(signed).decode(), b"\x73", [key])
    assert not is_signed(key, b64encode(signed).decode(), b"\x72", [])
    too_large = (int.from_bytes(signed[32:], "little") + Q).to_bytes(32, "little")
    assert not is_signed(key, b64encode(signed[:32] + too_large).decode(), b"\x72", [key])
    for place_of in (0, 31, 32, 60):
        changed = bytearray(signed)
        changed[place_of] ^= 1
        assert not is_signed(key, b64encode(bytes(changed)).decode(), b"\x72", [key])


def test_a_new_key_is_vouched_for_by_the_one_before(home: Path) -> None:
    first = public(home)
    keys.new(home, DAY)
    publish(home, "2026-09.4", file_sha256(home / "published" / NAMES[2] / "manifest.json"), 3)
    assert verify(home / "published", first).faults == []
    assert found(home, *public(home)) == []


def test_a_lost_key_stops_publication_until_a_new_one_is_made_and_announced(home: Path) -> None:
    first = public(home)
    (home / "keys" / "signing.pem").unlink()
    with pytest.raises(keys.KeyLostError, match="filing keys new --lost"):
        keys.signing(home)
    with pytest.raises(keys.KeyLostError):
        keys.new(home, DAY)
    made = keys.new(home, DAY, lost=True)
    assert made.vouched_by == ""
    publish(home, "2026-09.4", file_sha256(home / "published" / NAMES[2] / "manifest.json"), 3)
    assert "原密钥遗失" in (home / "published" / "index.html").read_text("utf-8")
    faults = verify(home / "published", first).faults
    assert any("vouched for by nobody" in fault for fault in faults)
    assert any("2026-09.4 is signed by a key that is not the office's" in fault for fault in faults)
    assert verify(home / "published", [*first, made.key]).faults == []
    assert verify(home / "published" / NAMES[1], first).faults == [faults[-1]]
    assert found(home, *first, made.key) == []
    assert found(home, *first)


def test_an_edition_placed_before_its_key_was_lost_is_left_as_it_is(home: Path) -> None:
    previous = file_sha256(home / "published" / NAMES[2] / "manifest.json")
    digest = publish(home, "2026-09.4", previous, 3)
    keys.new(home, DAY, lost=True)
    assert publish(home, "2026-09.4", previous, 3) == digest
    assert verify(home / "published", public(home)).faults == []


def test_a_kill_between_key_and_record_is_taken_up(home: Path) -> None:
    (home / "keys" / "signing.pem").replace(home / "keys" / "next.pem")
    assert keys.signing(home) is not None


def test_hostile_names_are_text_in_the_script_s_output_and_in_the_list(tmp_path: Path) -> None:
    keys.new(tmp_path, DAY)
    published = tmp_path / "published"
    place(published, build(published, edition(hostile()), keys.signing(tmp_path)), NAMES[0])
    path = published / NAMES[0] / "manifest.json"
    record = json.loads(path.read_bytes())
    record["files"] |= dict.fromkeys([name for name in HOSTILE if "\x00" not in name and len(name) < 100], "0" * 64)
    path.write_bytes(json_bytes(record))
    (published / NAMES[0] / "\x1b[31m\u202e.csv").touch()
    (published / "notices" / "<b>\x1b[31m").mkdir(parents=True)
    (published / "notices" / "<b>\x1b[31m" / "manifest.json").write_bytes(path.read_bytes())
    assert all(fault.isprintable() for fault in verify(published, public(tmp_path)).faults)
    front.write(published, tmp_path)
    assert "不可采信" in (published / "index.html").read_text("utf-8")
    code, lines = by_script(tmp_path, *public(tmp_path))
    assert code == 1
    assert all(line.isascii() and line.isprintable() for line in lines)
