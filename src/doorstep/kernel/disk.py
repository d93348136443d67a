"""Files that are whole or not there at all, and that a power cut does not take back."""

import os
import tempfile
from pathlib import Path


def write_once(path: Path, content: bytes) -> bytes:
    """Makes the file, readable by its owner alone, unless it is there; gives what it holds.

    Of several that make it at once, one wins and all get its content.
    """
    if not path.exists():
        for folder in reversed(path.parents):  # `parents=True` would leave those between open to all
            folder.mkdir(mode=0o700, exist_ok=True)
        descriptor, draft = tempfile.mkstemp(dir=path.parent)  # O_EXCL, mode 0600
        try:
            _write(descriptor, content)
            path.hardlink_to(draft)  # fails where there is a file
        except FileExistsError:
            pass
        finally:
            Path(draft).unlink()
        flush_folder(path.parent)
    return path.read_bytes()


def replace(path: Path, content: bytes) -> None:
    """Writes the file whole or not at all; its name lasts through a power cut once its folder is flushed too."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.new")
    _write(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666), content)
    os.replace(draft, path)  # noqa: PTH105  patched by the crash tests, like fsync


def flush_folder(folder: Path) -> None:
    """The folder's names last through a power cut from here on."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write(descriptor: int, content: bytes) -> None:
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
