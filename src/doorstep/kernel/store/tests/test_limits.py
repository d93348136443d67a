"""A limit lets through exactly what it says, comes back little by little, and keeps no key that could be read."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from doorstep.kernel.store import limits
from doorstep.kernel.store.limits import Limit, spend
from doorstep.kernel.store.models import Spending
from doorstep.kernel.values.reasons import TooMany

AT = datetime(2024, 3, 1, 10, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
FIVE = Limit("tryout.five", times=5, per=15 * MINUTE)
SEVEN = Limit("tryout.seven", times=7, per=timedelta(seconds=10))


def passes(limit: Limit, key: str, at: datetime) -> bool:
    try:
        spend(limit, key, at)
    except TooMany:
        return False
    return True


@pytest.mark.django_db
class TestOne:
    def test_so_many_at_once_and_then_one_at_a_time(self):
        assert [passes(FIVE, "a", AT) for _ in range(7)] == [True] * 5 + [False] * 2
        assert not passes(FIVE, "a", AT + 3 * MINUTE - timedelta(microseconds=1))
        assert [passes(FIVE, "a", AT + 3 * MINUTE) for _ in range(2)] == [True, False]
        assert [passes(FIVE, "a", AT + 60 * MINUTE) for _ in range(6)] == [True] * 5 + [False]

    def test_a_refusal_says_when_the_next_try_passes(self):
        for _ in range(5):
            spend(FIVE, "a", AT)
        with pytest.raises(TooMany) as refused:
            spend(FIVE, "a", AT + timedelta(milliseconds=1))
        assert refused.value.extra == {"retry_after": 180}
        assert refused.value.reasons[0].given == {"minutes": 3}
        assert passes(FIVE, "a", AT + timedelta(milliseconds=1, seconds=180))

    def test_refusals_cost_nothing_further(self):
        for _ in range(50):
            passes(FIVE, "a", AT)
        assert passes(FIVE, "a", AT + 3 * MINUTE)

    def test_keys_and_limits_are_apart(self):
        assert all(passes(FIVE, "a", AT) for _ in range(5))
        assert passes(FIVE, "b", AT)
        assert passes(SEVEN, "a", AT)

    def test_what_does_not_divide_still_passes_whole(self):
        assert [passes(SEVEN, "a", AT) for _ in range(8)] == [True] * 7 + [False]

    def test_a_clock_that_went_back_gives_nothing_away(self):
        assert all(passes(FIVE, "a", AT) for _ in range(5))
        assert not passes(FIVE, "a", AT - MINUTE)

    def test_no_key_is_written_in_clear(self):
        spend(FIVE, "203.0.113.7", AT)
        (row,) = Spending.objects.all()
        assert len(row.key) == 16
        assert b"203.0.113.7" not in bytes(row.key)

    def test_another_secret_makes_other_keys(self, settings):
        spend(FIVE, "a", AT)
        settings.SECRET_KEY = "another"
        spend(FIVE, "a", AT)
        assert Spending.objects.count() == 2

    def test_idle_rows_go_and_only_those(self):
        spend(FIVE, "a", AT)
        spend(FIVE, "b", AT + MINUTE)
        limits.forget_idle(AT + 3 * MINUTE)
        assert Spending.objects.count() == 1
        assert [passes(FIVE, "b", AT + 3 * MINUTE) for _ in range(5)] == [True] * 4 + [False]

    def test_the_table_is_not_logged(self):
        with connection.cursor() as cursor:
            cursor.execute("SELECT relpersistence FROM pg_class WHERE relname = 'kernel_spending'")
            assert cursor.fetchone() == ("u",)

    @settings(max_examples=30, deadline=None)
    @given(st.lists(st.integers(0, 400), min_size=1, max_size=30), st.integers(1, 6))
    def test_never_more_than_the_burst_and_the_rate(self, steps, times):
        limit = _undeclared(times, timedelta(seconds=60))
        Spending.objects.all().delete()
        at, passed = AT, []
        for step in steps:
            at += timedelta(seconds=step / 10)
            if passes(limit, "x", at):
                passed.append(at)
        span = (passed[-1] - passed[0]) / limit.per
        assert len(passed) <= times + span * times + 1e-6


def _undeclared(times: int, per: timedelta) -> Limit:
    name = f"tryout.{times}"
    limits.LIMITS.pop(name, None)
    return Limit(name, times=times, per=per)


@pytest.mark.django_db(transaction=True)
class TestTogether:
    def test_of_fifty_at_once_exactly_five_pass(self):
        start = threading.Barrier(50)
        outcomes = []

        def run():
            start.wait()
            outcomes.append(passes(FIVE, "a", AT))
            connection.close()

        threads = [threading.Thread(target=run) for _ in range(50)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert (outcomes.count(True), outcomes.count(False)) == (5, 45)

    def test_inside_an_open_transaction_it_refuses_to_count(self):
        with transaction.atomic(), pytest.raises(RuntimeError):
            spend(FIVE, "a", AT)
        assert not Spending.objects.exists()


@pytest.mark.parametrize(("times", "per"), [(0, MINUTE), (-1, MINUTE), (5, timedelta(0)), (5, -MINUTE)])
def test_a_limit_that_limits_nothing_is_a_mistake(times, per):
    with pytest.raises(ValueError):
        Limit("tryout.wrong", times=times, per=per)


def test_a_name_is_declared_once():
    with pytest.raises(ValueError):
        Limit("tryout.five", times=6, per=MINUTE)
