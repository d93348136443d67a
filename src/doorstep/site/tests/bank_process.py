"""A stand-in for a bank as a process of its own, for tests: started, killed, started again, told to misbehave."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

from doorstep.kernel.country import law
from doorstep.systems.payments.country import Country
from doorstep.systems.payments.rules.bank_place import BankPlace

PAYER = 777


class BankProcess:
    """At `port`, with its keys and book in `folder`; tells `callback` what came in."""

    def __init__(self, port: int, folder: Path, callback: str, profile: str) -> None:
        self.port, self.folder, self.callback, self.profile = port, folder, callback, profile
        self.front = f"http://127.0.0.1:{port}"
        self.country = law(Country, "payments")
        self.start()

    @property
    def place(self) -> BankPlace:
        return BankPlace(f"{self.front}/stand-in/bank/", self.folder / "ours.jwks", self.folder / "bank-public.jwks")

    def start(self) -> None:
        command = [sys.executable, "-m", "doorstep.site.bank_stand_in", str(self.port), str(self.folder), self.callback]
        said = {"DOORSTEP_HOME": str(self.folder / "home"), "DOORSTEP_PROFILE": self.profile, "DOORSTEP_MODE": "demo"}
        self.process = subprocess.Popen(command, env={**os.environ, **said}, stdout=subprocess.DEVNULL)
        until(self.is_open)

    def is_open(self) -> bool:
        if self.process.poll() is not None:
            raise RuntimeError("the bank does not start")
        try:
            return httpx.get(self.front).status_code == 200
        except httpx.TransportError:
            return False

    def stop(self) -> None:
        """As `kill -9` does."""
        self.process.kill()
        self.process.wait()

    def misbehave(self, how: str, **more: object) -> None:
        assert httpx.post(f"{self.front}/misbehave", json={"how": how, **more}).status_code == 200

    def pay(self, memo: str, amount: int = 750, key: str = "", **more: Any) -> str:
        """Somebody pays into the first made-up account; the number of the booking. Raises TransportError if the bank dies."""
        told = {"to_bank": self.country.fictitious_bank, "to_account": self.country.fictitious_account(1), **more}
        told |= {"from_account": self.country.fictitious_account(PAYER), "from_name": "NGUYEN VAN VI DU", "memo": memo}
        answer = httpx.post(f"{self.front}/pay", json={**told, "amount": amount, **({"key": key} if key else {})})
        assert answer.status_code == 200, answer.text
        return str(answer.json()["booking"])

    def balance(self, serial: int = 1) -> int:
        asked = {"bank": self.country.fictitious_bank, "account": self.country.fictitious_account(serial)}
        return int(httpx.get(f"{self.front}/balance", params=asked).json()["balance"])


def until(holds: Callable[[], object], seconds: float = 20) -> None:
    """Wait until something holds; AssertionError where it does not in time."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it did not come in time"
        time.sleep(0.05)
