"""Files are made once and whole, whoever else makes them and whatever the disk says."""

import errno
import os
import stat
import threading
from pathlib import Path

import pytest

from doorstep.kernel import disk


def test_the_first_who_makes_a_file_wins_and_all_get_what_it_holds(tmp_path: Path) -> None:
    path, start, got = tmp_path / "home" / "keys" / "key", threading.Barrier(8), []

    def make(name: int) -> None:
        start.wait(20)
        got.append(disk.write_once(path, f"by {name}".encode()))

    threads = [threading.Thread(target=make, args=[name]) for name in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(got) == {path.read_bytes()}
    assert len(got) == 8
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert all(stat.S_IMODE(folder.stat().st_mode) == 0o700 for folder in (path.parent, path.parent.parent))
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("write", [disk.write_once, disk.replace])
def test_what_cannot_be_written_whole_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, write) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space left"):
            write(tmp_path / "file", b"half")
    assert not (tmp_path / "file").exists()
    write(tmp_path / "file", b"whole")
    assert (tmp_path / "file").read_bytes() == b"whole"
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
