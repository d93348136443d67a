"""Sessions of browsers: kept under a digest of their cookie, listed and ended by the subject they belong to."""

import hashlib
from datetime import datetime
from typing import Any

import msgspec
from django.contrib.sessions.backends.base import VALID_KEY_CHARS, CreateError, UpdateError
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.utils import timezone
from django.utils.crypto import get_random_string

from doorstep.kernel.store.models import ActorSession
from doorstep.kernel.store.prepared import Prepared, execute

_LASTING = Prepared(lambda: ActorSession.objects.filter(session_key="").filter(expire_date__gt=timezone.now()))

_CREATE = """INSERT INTO kernel_actorsession (session_data, expire_date, subject, device, began, session_key)
    VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING"""
_UPDATE = (
    "UPDATE kernel_actorsession SET session_data = %s, expire_date = %s, subject = %s, device = %s, began = %s"
    " WHERE session_key = %s"
)


class SessionStore(DatabaseStore):
    """Django's database store, but whoever reads the table cannot take a session over: it holds no cookie's value."""

    @classmethod
    def get_model_class(cls) -> type[ActorSession]:
        return ActorSession

    def _get_session_from_db(self) -> ActorSession | None:
        return _LASTING.first(kept_key(self.session_key), timezone.now())

    def load(self) -> dict[str, Any]:
        row = self._get_session_from_db() if self.session_key else None
        if row is None:
            self._session_key = None
            return {}
        return self.decode(row.session_data)

    def _get_new_session_key(self) -> str:
        return get_random_string(32, VALID_KEY_CHARS)  # of 165 random bits: nobody has it

    def create_model_instance(self, data: dict[str, Any]) -> ActorSession:
        return ActorSession(
            session_key=kept_key(self._get_or_create_session_key()),  # type: ignore[attr-defined]  # the stubs lack it
            session_data=self.encode(data),
            expire_date=self.get_expiry_date(),
            subject=data.get("actor", {}).get("subject", ""),
            device=data.get("device", ""),
            began=datetime.fromisoformat(data["began"]) if "began" in data else timezone.now(),
        )

    def save(self, must_create: bool = False) -> None:  # noqa: FBT001, FBT002  as Django has it
        """In one statement, which is its own transaction; CreateError and UpdateError as Django raises them."""
        if self.session_key is None:
            self.create()
            return
        row = self.create_model_instance(self._get_session(no_load=must_create))  # type: ignore[attr-defined]
        told: list[Any] = [row.session_data, row.expire_date, row.subject, row.device, row.began, row.session_key]
        if not execute(_CREATE if must_create else _UPDATE, told).rowcount:
            raise CreateError if must_create else UpdateError

    def delete(self, session_key: str | None = None) -> None:
        key = session_key or self.session_key
        if key:
            ActorSession.objects.filter(session_key=kept_key(key)).delete()


class SessionRow(msgspec.Struct, frozen=True):
    """One of a person's own sessions; `id` names it to end it and opens nothing."""

    id: str
    device: str
    began: datetime
    expires: datetime


def kept_key(cookie: str | None) -> str:
    """What the table holds in place of a cookie's value: 160 bits of its SHA-256, in hex."""
    return hashlib.sha256((cookie or "").encode()).hexdigest()[:40]


def sessions_of(subject: str, at: datetime) -> list[SessionRow]:
    """The subject's sessions that last, newest first."""
    rows = ActorSession.objects.filter(subject=subject, expire_date__gt=at).order_by("-began")
    return [SessionRow(row.session_key, row.device, row.began, row.expire_date) for row in rows]


def end_sessions(subject: str, *, only: str = "", but: str = "") -> int:
    """End all sessions of a subject at once, or `only` the one of that id, or all `but` one; returns how many."""
    rows = ActorSession.objects.filter(subject=subject)
    rows = rows.filter(session_key=only) if only else rows.exclude(session_key=but)
    return rows.delete()[0]
