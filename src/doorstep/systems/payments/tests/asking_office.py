"""A program of an asking office, as a process of its own: it asks for orders, hears of settlements, and states its fees.

    python asking_office.py ADDRESS FOLDER ask N      asks for N orders of its own, each under an id that it keeps
    python asking_office.py ADDRESS FOLDER hear       reads what moved since its cursor, into its book
    python asking_office.py ADDRESS FOLDER state DAY  states what its book holds for paid on DAY, a page for each two

Its token is in the environment (TOKEN). All that it knows is in FOLDER, written before it goes on: killed at any moment
and begun again, it does the same again under the same ids. It knows no code of ours, only the API. With SLOW set it
waits after each answer, so that a test can kill it in the middle.
"""

import json
import os
import sys
import time
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen
from uuid import uuid4

ADDRESS, FOLDER = sys.argv[1], Path(sys.argv[2])


def kept(name: str, otherwise: Any) -> Any:
    file = FOLDER / name
    return json.loads(file.read_text()) if file.exists() else otherwise


def keep(name: str, value: Any) -> None:
    """In one step: a half-written file is never read."""
    new = FOLDER / f"{name}.new"
    new.write_text(json.dumps(value))
    new.replace(FOLDER / name)


def call(method: str, path: str, told: Any = None) -> Any:
    body = json.dumps(told).encode() if told is not None else None
    headers = {"Authorization": f"Bearer {os.environ['TOKEN']}", "Content-Type": "application/json"}
    with urlopen(Request(f"{ADDRESS}{path}", body, headers, method=method), timeout=30) as answer:  # noqa: S310
        said = json.load(answer)
    time.sleep(float(os.environ.get("SLOW", "0")))
    return said


def ask(count: int) -> None:
    """The ids are made and kept first; each answer is kept as it comes."""
    wanted = kept("wanted", None) or [str(uuid4()) for _ in range(count)]
    keep("wanted", wanted)
    for number, order in enumerate(wanted):
        fee = {"code": "permit", "kind": "fee", "amount": 1000 + number}
        told = {
            "subject": f"dossier:{number}",
            "unit": "H38",
            "purpose": {"en": "Permit"},
            "lines": [fee],
            "until": os.environ["UNTIL"],
        }
        said = call("PUT", f"/orders/{order}", told)
        keep("asked", {**kept("asked", {}), order: said["code"]})


def hear() -> None:
    """The cursor moves together with what was heard."""
    book = kept("book", {"after": 0, "paid": {}, "heard": 0})
    while True:
        told = call("GET", f"/movements?after={book['after']}")
        if not told["movements"]:
            return
        for one in told["movements"]:
            book["heard"] += 1
            if one["state"] == "settled":
                book["paid"][one["order"]] = one["paid"]
        book["after"] = told["after"]
        keep("book", book)


def state(day: str) -> None:
    """The office is not without fault: it leaves out its last payment, writes 1 too little for the first, and lists the
    second one twice.
    """
    paid = [*kept("book", {})["paid"].items()]
    fees = [{"order": order, "amount": amount} for order, amount in paid[:-1]]
    fees[0]["amount"] -= 1
    fees.append(fees[1])
    pages = [fees[start : start + 2] for start in range(0, len(fees), 2)]
    for number, page in enumerate(pages, 1):
        call("PUT", f"/fees/{day}/{number}", {"pages": len(pages), "fees": page})


{"ask": lambda: ask(int(sys.argv[4])), "hear": hear, "state": lambda: state(sys.argv[4])}[sys.argv[3]]()
