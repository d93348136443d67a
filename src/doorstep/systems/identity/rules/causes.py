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
    OUTSIDE_OFF = "outside_off", "The outside provider is not enabled, or its mapping is not confirmed"
    OUTSIDE_STATE = "outside_state", "The outside sign-in was not begun in this browser, was used, or took too long"
    OUTSIDE_AWAY = "outside_away", "The outside provider did not answer as it should"
    OUTSIDE_NO = "outside_no", "The outside provider did not let the person in, or the person went back"
    OUTSIDE_CODE = "outside_code", "The outside provider did not take our code, or does not know us any more"
    OUTSIDE_ISSUER = "outside_issuer", "The answer came from another provider than the one asked"
    OUTSIDE_SIGNATURE = "outside_signature", "The outside ID token's signature, key or algorithm is wrong"
    OUTSIDE_AUDIENCE = "outside_audience", "The outside ID token was made for somebody else"
    OUTSIDE_NONCE = "outside_nonce", "The outside ID token belongs to another sign-in"
    OUTSIDE_TIME = "outside_time", "The outside ID token has expired or lies in the future"
    OUTSIDE_LEVEL = "outside_level", "The outside provider's level is not mapped to one of ours"
    OUTSIDE_CLAIM = "outside_claim", "The outside provider does not state what its mapping says"
    OUTSIDE_PERSON = "outside_person", "The register knows nobody with this number, or another name or birth date"
    OUTSIDE_AREA = "outside_area", "The outside provider is not for the people or staff of this unit"
    OUTSIDE_NO_ACCOUNT = "outside_no_account", "The person has no account here, and may not have one opened this way"
    OUTSIDE_UNLINKED = "outside_unlinked", "The staff name of the directory is not linked with an account here"
