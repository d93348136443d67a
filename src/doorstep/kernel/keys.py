"""Keys derived from the installation's one secret, a different one for each purpose."""

import hashlib
import hmac

from django.conf import settings


def derived(purpose: str) -> bytes:
    """32 bytes that only this installation knows; another purpose gives other bytes."""
    return hmac.digest(settings.SECRET_KEY.encode(), f"doorstep {purpose}".encode(), hashlib.sha256)
