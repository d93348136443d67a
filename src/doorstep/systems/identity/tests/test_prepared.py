"""A prepared query answers as Django's own does, for every parameter and on every thread."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from doorstep.kernel.store.prepared import Prepared
from doorstep.systems.identity.models import Account
from doorstep.systems.identity.tests.builders import account, eid, person


def own() -> Prepared[Account]:
    return Prepared(
        lambda: Account.objects.select_related("eid__person", "eid__organisation").filter(subject="", closed=None)
    )


@pytest.mark.django_db
def test_it_finds_what_django_finds_with_its_relations(django_assert_num_queries):
    prepared = own()
    for number in ("900090000123", "900090000124"):
        account(eid(person(number)), f"account:{number}")
    with django_assert_num_queries(0):  # Django writes none of them
        for number in ("900090000123", "900090000124"):
            found = prepared.first(f"account:{number}")
            assert (found.eid.person.number, found.eid.organisation) == (number, None)
    assert found == Account.objects.get(subject="account:900090000124")
    assert prepared.first("account:nobody") is None


@pytest.mark.django_db
def test_too_few_parameters_are_an_error_of_ours():
    with pytest.raises(ValueError, match="1 parameters"):
        own().first()


@pytest.mark.django_db(transaction=True)
def test_threads_share_it():
    from django.db import connection

    prepared = own()
    account()

    def ask(_: int) -> str:
        try:
            return prepared.first("account:lan").subject
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(ask, range(40))) == {"account:lan"}
