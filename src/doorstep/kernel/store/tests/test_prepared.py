"""Prepared statements do what Django's own do."""

from datetime import UTC, datetime

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from doorstep.kernel.store.models import ActorSession
from doorstep.kernel.store.prepared import Prepared, insert, update

AT = datetime(2024, 3, 1, 9, tzinfo=UTC)
BY_KEY = Prepared(lambda: ActorSession.objects.filter(session_key="").filter(expire_date__gt=AT))


def a_session(key: str) -> ActorSession:
    return ActorSession(session_key=key, session_data="{%s}'", expire_date=AT, subject="a", device="x", began=AT)


@pytest.mark.django_db
def test_a_row_is_saved_and_changed_as_django_would():
    one, other = a_session("1"), a_session("2")
    insert(one)
    other.save(force_insert=True)
    assert ActorSession.objects.values().get(session_key="1") | {"session_key": "2"} == (
        ActorSession.objects.values().get(session_key="2")
    )
    one.subject, one.device = "b", "not saved"
    update([one], "subject")
    kept = ActorSession.objects.get(session_key="1")
    assert (kept.subject, kept.device) == ("b", "x")
    assert ActorSession.objects.get(session_key="2").subject == "a"
    other.delete()
    with pytest.raises(DatabaseError):
        update([one, a_session("2")], "subject")


@pytest.mark.django_db
def test_errors_are_django_s():
    insert(a_session("1"))
    with pytest.raises(IntegrityError), transaction.atomic():
        insert(a_session("1"))


@pytest.mark.django_db
def test_the_first_row_is_found_by_other_values():
    insert(a_session("1"))
    found = BY_KEY.first("1", datetime(2024, 2, 1, tzinfo=UTC))
    assert found is not None
    assert (found.session_data, found.expire_date) == ("{%s}'", AT)
    assert BY_KEY.first("1", AT) is None
    with pytest.raises(ValueError, match="2 parameters"):
        BY_KEY.first("1")
