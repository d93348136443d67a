"""Keys of the stand-in for a bank and of those who ask it, as JSON Web Key Sets in one folder, made on first use."""

from pathlib import Path

import msgspec
from joserfc.jwk import OKPKey

from doorstep.kernel.disk import write_once
from doorstep.systems.payments.rules.signatures import Key, read_keys

OWN, OWN_PUBLIC, OURS = "bank.jwks", "bank-public.jwks", "ours.jwks"


def make_keys(folder: Path) -> None:
    """What is missing; each file is closed to others."""
    for name, kid in ((OWN, "stand-in-bank"), (OURS, "doorstep")):
        made = {**OKPKey.generate_key("Ed25519", private=True).as_dict(private=True), "kid": kid}
        write_once(folder / name, msgspec.json.encode({"keys": [made]}))
    kept = msgspec.json.decode((folder / OWN).read_bytes())["keys"]
    public = [{name: value for name, value in key.items() if name != "d"} for key in kept]
    write_once(folder / OWN_PUBLIC, msgspec.json.encode({"keys": public}))


def keys(folder: Path) -> tuple[Key, dict[str, Key]]:
    """The bank's own key, and by id those whose requests it takes."""
    make_keys(folder)
    (own,) = read_keys((folder / OWN).read_bytes()).values()
    return own, read_keys((folder / OURS).read_bytes())
