"""An installation of its own that serves Doorstep, with people, relying parties and an SMS stand-in; until SIGINT.

    python -m tests.relying_parties.site PORT FILE

When pages are served, FILE says in JSON what the suites need, and a line says so. Twenty seconds later the keys turn.
"""

import json
import os
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from doorstep.site.cli import home, installation, say
from doorstep.site.processes import free_port

TURN = timedelta(seconds=20)
SHARES = {"flows": 30, "tampering": 4, "keys": 2, "authlib": 11, "hospital": 1}
"""How many people each suite has: an account may be tried ten times a quarter of an hour from one place."""


def main(port: int, file: Path) -> int:
    os.environ["DOORSTEP_PORT"] = str(port)
    os.environ.update(DOORSTEP_SYSTEMS="identity", DOORSTEP_DEMO_SIGN_IN="0")
    from doorstep.site.commands.up import sms_command

    stand_in = sms_command()
    with installation("test"):
        from django.db import connections
        from django.utils import timezone

        from doorstep.site.embedded import Embedded
        from doorstep.site.processes import run, web_commands

        told = prepared(timezone.now())

        def opened(text: str) -> None:
            if text == "Ready.":
                pass_days(timezone.now())
                file.write_text(json.dumps(told))
            say(text)

        connections.close_all()
        children = [
            *web_commands(port),
            ("tasks", [sys.executable, "-m", "doorstep.site.tasks"]),
            ("sms", stand_in),
        ]
        return run(children, home=home(), port=port, database=Embedded(home()), say=opened)


def prepared(at: datetime) -> dict[str, Any]:
    """People, parties, and keys whose turn is over in six days."""
    from doorstep.kernel.store.partitions import ensure_months
    from doorstep.kernel.store.writing import By
    from doorstep.systems.identity.actions import openid
    from doorstep.systems.identity.pages.openid import CLOCK
    from doorstep.systems.identity.queries.openid import issuer
    from doorstep.systems.identity.simulation import demo
    from doorstep.systems.identity.tests import builders

    before = at - timedelta(days=84)
    ensure_months(before.date(), at.date())
    for then in (before, at):
        openid.turn_keys(By(CLOCK, then))
    people = []
    for serial, file in enumerate(name for name, many in SHARES.items() for _ in range(many)):
        number, phone = f"90009{serial:07}", f"0000{serial:06}"
        builders.account(builders.eid(builders.person(number), phone=phone), f"account:{serial}")
        secrets = {"password": builders.PASSWORD, "passcode": builders.PASSCODE}
        people.append({"file": file, "login": number, "phone": phone, **secrets})
    sms = os.environ["DOORSTEP_SMS_URL"]
    demo.register_hospital(at, "H38", f"http://localhost:{free_port()}")
    told = {"issuer": issuer(), "sms": sms, "people": people, "parties": dict(parties(at))}
    return told | {"hospital": demo.hospital()}


def parties(at: datetime) -> Any:
    """Each way to prove oneself and each algorithm; what is private of a key stays with the party."""
    from joserfc.jwk import ECKey, RSAKey

    from doorstep.kernel.store.writing import By
    from doorstep.systems.identity.actions.parties import register
    from doorstep.systems.identity.tests.relying_party import MANAGER, registration

    ec = ECKey.generate_key("P-256", {"kid": "ec-1", "alg": "ES256"}, private=True)
    rsa = RSAKey.generate_key(2048, {"kid": "rsa-1", "alg": "RS256"}, private=True)
    for name, changes, key in (
        ("basic", {"method": "client_secret_basic"}, None),
        ("other", {"method": "client_secret_basic"}, None),
        ("post", {"method": "client_secret_post", "algorithm": "RS256"}, None),
        ("key", {"method": "private_key_jwt"}, ec),
        ("rsa", {"method": "private_key_jwt", "algorithm": "RS256"}, rsa),
        ("pushed", {"method": "private_key_jwt", "pushed_only": True}, ec),
    ):
        host = f"https://{name}.example"
        addresses = {"redirects": (f"{host}/back",), "after_logout": (f"{host}/bye",)}
        keys = json.dumps({"keys": [key.as_dict(private=False)]}) if key else ""
        made = register(By(MANAGER, at), registration(name=name, keys=keys, **addresses, **changes))
        yield (
            name,
            {
                "id": str(made.id),
                "secret": str(made.secret),
                "key": key.as_dict(private=True) if key else None,
                "method": changes["method"],
                "algorithm": changes.get("algorithm", "ES256"),
                "redirect": addresses["redirects"][0],
                "after": addresses["after_logout"][0],
            },
        )


def pass_days(at: datetime) -> None:
    """So many days pass that the next keys sign in a moment."""
    from django.db import connections
    from django.db.models import F, Min

    from doorstep.systems.identity.models import SigningKey

    for algorithm in ("ES256", "RS256"):
        rows = SigningKey.objects.filter(algorithm=algorithm)
        passed = rows.aggregate(first=Min("signs_to"))["first"] - at - TURN
        rows.update(signs_from=F("signs_from") - passed, signs_to=F("signs_to") - passed)
    connections.close_all()


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), Path(sys.argv[2])))
