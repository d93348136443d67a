"""Why somebody was not let in: told to the help desk under a reference, never to whoever tries."""

from doorstep.kernel.declare.codes import Code


class Cause(Code):
    """Why somebody was not let in. Only the help desk reads it."""

    UNKNOWN = "unknown", "There is no such account"
    SECRET = "secret", "The password or passcode was wrong"
    NO_PHONE = "no_phone", "The account has no phone to which a code could go"
    CODE = "code", "The one-time code was wrong"
    CODE_OVER = "code_over", "The one-time code had expired, was used, or was tried too often"
    PASSKEY = "passkey", "The passkey is not known, or its answer did not fit"
    REPLAYED = "replayed", "The passkey's answer came a second time"
    LOCKED = "locked", "The account or its e-ID is locked"
    NOT_ACTIVE = "not_active", "The e-ID is not activated, or was revoked"
    DEAD = "dead", "The person is registered as dead"
