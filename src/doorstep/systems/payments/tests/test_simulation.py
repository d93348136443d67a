"""What the simulation makes: at scale s, s times the published payments, on days on which all sides agree."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.db.models import Sum

from doorstep.kernel.country import profile
from doorstep.kernel.simulation import Simulation
from doorstep.kernel.store import units
from doorstep.kernel.store.models import FactBatch
from doorstep.kernel.values.period import Period
from doorstep.systems.payments import simulation, tasks
from doorstep.systems.payments.facts import PaymentSettled
from doorstep.systems.payments.models import Discrepancy, Order, ReconciledSum, Reconciliation
from doorstep.systems.payments.queries import ledger_check

pytestmark = pytest.mark.django_db

UNTIL = datetime(2024, 6, 30, tzinfo=UTC)
SCALE = Decimal("0.00002")
"""576 payments, 58 of them with a record of their own."""


@pytest.fixture(autouse=True)
def localities(db):
    units.load(profile().units.localities(UNTIL.date()))


def test_the_payments_come_out_at_the_scale_and_each_simulated_day_is_right():
    simulation.simulate(Simulation(SCALE, 7, Period.parse("2024-H1"), UNTIL, lambda said: None))
    assert Order.objects.filter(channel="transfer").count() == 58
    assert FactBatch.objects.filter(kind=PaymentSettled.KIND.name).aggregate(found=Sum("rows"))["found"] >= 576
    while tasks.record_statements(UNTIL):
        pass
    assert tasks.reconcile(UNTIL + timedelta(days=1)) > 10
    outcomes = dict(ReconciledSum.objects.values_list("outcome").annotate(found=Sum("n")))
    assert outcomes == {"matched": Order.objects.filter(state="settled").count()}
    assert Reconciliation.objects.exists()
    assert not Discrepancy.objects.exists()
    assert not [sentence for found in ledger_check.prove() for sentence in found.against]


def test_the_demo_s_people_pay_at_the_bank():
    simulation.prepare_demo(UNTIL)
    told = simulation.demo_payments(UNTIL)
    codes = {one.memo.replace("-", "") for one in told}
    assert len(told) == 5
    assert len(codes & {order.code.replace("-", "") for order in Order.objects.all()}) == 3
