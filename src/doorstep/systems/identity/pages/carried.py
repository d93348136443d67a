"""What one page hands a stranger on to the next with: sealed, since whoever could read it would learn whom it names.

A made-up subject stands there where nobody fits, and looks like any other only to whoever cannot read it.
"""

from datetime import datetime

import msgspec
from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from doorstep.kernel.keys import derived

WIDE = 100
"""Characters that every subject takes, so that its length says nothing either."""


def carry(subject: str, salt: str, at: datetime) -> str:
    """The subject as a form may carry it (JWE, RFC 7516); `salt` says to which step."""
    told = msgspec.json.encode((int(at.timestamp()), subject.ljust(WIDE)))
    return jwe.encrypt_compact({"alg": "dir", "enc": "A256GCM"}, told, OctKey.import_key(derived(salt)))


def carried(text: str, salt: str, at: datetime, seconds: int) -> str | None:
    """What `carry` wrote within so many seconds; None for anything else."""
    try:
        opened = jwe.decrypt_compact(text, OctKey.import_key(derived(salt)), algorithms=["dir", "A256GCM"])
        written, subject = msgspec.json.decode(opened.plaintext or b"", type=tuple[int, str])
    except (JoseError, ValueError, TypeError):
        return None
    return subject.rstrip() if 0 <= at.timestamp() - written <= seconds else None
