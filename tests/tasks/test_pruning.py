"""Logs are kept within their bounds while their processes go on writing."""

from pathlib import Path

from schemas.settings import Settings
from tasks.desk.retention import trim_logs


def test_a_long_log_keeps_its_newer_half_and_its_process_goes_on_writing(tmp_path: Path) -> None:
    logs = tmp_path / "logs"
    logs.mkdir()
    line = f"{'x' * 99}\n"
    short = logs / "server.log"
    short.write_text(line)
    installation = Settings(home=tmp_path, keep_log_megabytes=1)
    with (logs / "worker-1.log").open("ab") as process:
        process.write((line * 12_000 + "the last line\n").encode())
        process.flush()
        assert trim_logs(installation).done == {"trimmed_logs": 1}
        process.write(b"written since\n")
    kept = (logs / "worker-1.log").read_text().splitlines()
    assert kept[-2:] == ["the last line", "written since"]
    assert set(kept[:-2]) == {line.strip()}
    assert 400_000 < (logs / "worker-1.log").stat().st_size < 1_048_576
    assert short.read_text() == line
    assert trim_logs(installation).done == {}
