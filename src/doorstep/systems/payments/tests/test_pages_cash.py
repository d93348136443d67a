"""The pages of cashiers and of the treasury, without a script: each step leads on, and each refusal says why."""

from datetime import timedelta
from uuid import UUID, uuid4

import msgspec
import pytest
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone

from doorstep.kernel.declare.scopes import Actor
from doorstep.kernel.web.actors import sign_in
from doorstep.systems.payments import models, tasks
from doorstep.systems.payments.actions import settlement, tills
from doorstep.systems.payments.actions.reconciliation import reconcile_day
from doorstep.systems.payments.queries import cash
from doorstep.systems.payments.rules.evidence import Evidence
from doorstep.systems.payments.rules.receipts import number_of
from doorstep.systems.payments.tests.builders import (
    CASHIER,
    CLOCK,
    TREASURER,
    bank_account,
    credit,
    order,
    reread,
)
from doorstep.systems.payments.tests.values import AT

pytestmark = pytest.mark.django_db(transaction=True)
LATER = AT + timedelta(days=1)


@pytest.fixture(autouse=True)
def later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timezone, "now", lambda: LATER)


def browser(actor: Actor, **changes: str) -> Client:
    client = Client(headers={"Accept-Language": "en"})
    session = client.session
    request = RequestFactory().get("/")
    request.session = session
    sign_in(request, msgspec.structs.replace(actor, **changes), name="Hoa")
    session.save()
    client.cookies["session"] = session.session_key
    return client


def shown(client: Client, name: str, *args: object, status: int = 200, **asked: str) -> str:
    page = client.get(reverse(f"payments:{name}", args=args), asked)
    assert page.status_code == status
    return page.content.decode()


def flat(page: str) -> str:
    """Without the marks of direction that isolate values."""
    return page.translate(dict.fromkeys([0x2066, 0x2068, 0x2069]))


def post(client: Client, page_name: str, /, *args: object, **sent: str) -> str:
    """Where it leads; "" where the form came back with errors."""
    page = client.post(reverse(f"payments:{page_name}", args=args), sent)
    assert page.status_code in (303, 422), page.content.decode()
    return page.headers.get("Location", "")


def test_a_cashier_s_day():
    bank_account()
    owed, desk, second = order(), browser(CASHIER.actor), browser(CASHIER.actor, subject="cashier:2")
    assert "You keep no till now." in shown(desk, "till")
    assert not post(desk, "open_till", name="1", counted="much")
    assert post(desk, "open_till", name="1", counted="1.000", brought="1.000")
    assert owed.code in shown(desk, "take", code=owed.code.replace("-", "").lower())
    assert "in your area" in shown(desk, "take", code="nothing", status=422)
    assert not post(desk, "take", code=owed.code, tendered="100", key=str(uuid4()))
    assert "Give back" not in shown(desk, "till", change="5000000"), "what a link says is not what was done"
    key = str(uuid4())
    for _ in range(2):  # a double click
        assert post(desk, "take", code=owed.code, tendered="1.000", key=key)
    assert f"receipt <bdi>{number_of('H38', 2024, 1)}</bdi>. Give back" in flat(shown(desk, "till"))
    assert reread(owed).channel == "cash"
    paper = reverse("payments:area_paper", args=[owed.receipt.code])
    assert shown(desk, "till").count(paper) == 2
    assert paper in shown(desk, "order", owed.id)
    assert "Nothing is to be paid" in shown(desk, "take", code=owed.code)
    assert "Let the bank write" not in shown(desk, "till", deposit="made-up")
    for _ in range(2):
        assert post(desk, "deposit", amount="700", key=key)
    code = models.Deposit.objects.get().code
    assert code in shown(desk, "till")
    assert code not in shown(browser(CASHIER.actor), "till"), "another browser did not do it"
    assert post(desk, "change_out", amount="100", key=key)
    change = models.ChangeOut.objects.get().id
    assert "Change money that is to leave a till" in shown(browser(TREASURER.actor), "moves")
    assert post(browser(TREASURER.actor), "decide_change", change, approve="no")
    assert post(desk, "hand_over", counted="1.050")
    assert "waits for the next cashier" in shown(desk, "till")
    shift = models.Shift.objects.get().id
    assert str(shift) in shown(second, "till")
    assert not post(second, "take_over", shift, counted="1.000")
    assert post(desk, "take_back")
    assert post(desk, "hand_over", counted="1.050")
    assert post(second, "take_over", shift, counted="1.050")
    assert post(second, "close_till", counted="1.050")
    assert "What was counted is what should be there." in shown(second, "till")
    assert [*models.Shift.objects.values_list("difference", flat=True)] == [0, 0]
    assert shown(browser(TREASURER.actor), "days").count(models.Deposit.objects.get().code) == 1


@pytest.mark.parametrize(("began", "ended", "said"), [(70, 60, ("much", "little")), (60, 70, ("little", "much"))])
def test_what_is_counted_too_much_or_too_little_says_which_till_whose_and_when(began, ended, said):
    desk, treasury = browser(CASHIER.actor), browser(TREASURER.actor)
    tills.open_till(CASHIER, "Window 9", began, brought=65)
    assert post(desk, "close_till", counted=str(ended))
    assert f"too {said[1]} was counted" in shown(desk, "till")
    assert "The till is closed." not in shown(desk, "till"), "it is said once"
    when = ("Counted at the opening", "Counted at the end")
    for found, *told in zip(models.Discrepancy.objects.order_by("id"), when, said, strict=True):
        page = shown(treasury, "discrepancy", found.id)
        for text in (told[0], f"Too {told[1]}", "Window 9", CASHIER.actor.subject):
            assert text in page
        assert "The bank says" not in page


@pytest.mark.parametrize(("banked", "said"), [(700, "Too little"), (800, "Too much")])
def test_cash_that_the_bank_counts_otherwise_says_which_deposit(banked, said):
    account = bank_account()
    tills.open_till(CASHIER, "Window 9", 750, brought=750)
    code = tills.deposit_cash(CASHIER, 750).code
    settlement.record_credits(CLOCK, account.id, [credit(code, banked)], Evidence.POLL)
    page = shown(browser(TREASURER.actor), "discrepancy", models.Discrepancy.objects.get().id)
    for text in (said, code, "Window 9", CASHIER.actor.subject):
        assert text in page


def test_who_keeps_no_till_is_told_so():
    desk = browser(CASHIER.actor)
    for name in ("close_till", "hand_over", "take", "deposit"):
        assert "keep no till" in shown(desk, name, status=422)
    assert browser(TREASURER.actor).get(reverse("payments:till")).status_code == 403


def test_a_payment_is_moved_by_two():
    account, paid, meant = bank_account(), order(), order()
    settlement.record_credits(CLOCK, account.id, [credit(paid.code)], Evidence.POLL)
    desk, treasury = browser(CASHIER.actor), browser(TREASURER.actor)
    assert not post(desk, "moves", source=paid.code, target="x", why="wrong dossier")
    assert post(desk, "moves", source=paid.code, target=meant.code, why="wrong dossier")
    assert "Waits for a second person" in shown(desk, "moves")
    assert "wrong dossier" in shown(treasury, "moves")
    assert "Waits for a second person" in shown(desk, "order", paid.id)
    move = str(models.Move.objects.get().id)
    assert desk.post(reverse("payments:decide_move", args=[move]), {"approve": "yes"}).status_code == 403
    assert post(treasury, "decide_move", move, approve="yes")
    assert (reread(paid).state, reread(meant).state) == ("refunded", "settled")
    booking = models.Credit.objects.get().booking
    for row, other, told in ((paid, meant, ("Moved to", booking)), (meant, paid, ("Moved here from",))):
        page = shown(desk, "order", row.id)
        for text in (*told, other.code, "Bank transfer", reverse("payments:area_paper", args=[row.receipt.code])):
            assert text in page


def test_every_row_that_waits_is_on_some_page(monkeypatch):
    monkeypatch.setattr(cash, "PAGE", 1)
    bank_account()
    tills.open_till(CASHIER, "1", 1000, brought=1000)
    desk, treasury = browser(CASHIER.actor), browser(TREASURER.actor)
    for _ in range(2):
        paid = order()
        tills.take_cash(CASHIER, paid.code)
        assert post(desk, "moves", source=paid.code, target=order().code, why="wrong dossier")
        assert post(desk, "change_out", amount="100", key=str(uuid4()))
        tills.deposit_cash(CASHIER, 100)
    moves = [(row.id, row.source.code) for row in models.Move.objects.order_by("id")]
    changes = [(row.id, str(row.id)) for row in models.ChangeOut.objects.order_by("id")]
    deposits = [(row.id, row.code) for row in models.Deposit.objects.order_by("id")]
    for name, place, (before, behind), ((at, one), (_, other)) in (
        ("moves", "after", "><", moves),
        ("moves", "changes_after", "//", changes),
        ("days", "deposits_after", "><", deposits),
    ):
        first, following = shown(treasury, name), shown(treasury, name, **{place: str(at)})
        rows = [[f"{before}{text}{behind}" in page for text in (one, other)] for page in (first, following)]
        assert rows == [[True, False], [False, True]]
        assert f"?{place}={at}" in first
        assert "Back to the beginning" in following
    shown(treasury, "moves", changes_after="nonsense", status=404)


def test_the_treasury_s_days():
    tills.open_till(CASHIER, "1", 0)
    owed = order()
    tills.take_cash(CASHIER, owed.code)
    day, treasury = AT.date(), browser(TREASURER.actor)
    assert "No day was reconciled yet." in shown(treasury, "days")
    assert "There is nothing of this day." in shown(treasury, "day", day)
    assert treasury.get(reverse("payments:day_file", args=[day])).status_code == 404
    run = UUID(reconcile_day(CLOCK, day).run)
    assert reverse("payments:day", args=[day]) in shown(treasury, "days")
    page = shown(treasury, "day", day)
    assert owed.code in page
    assert "service:dossiers" in page
    missing = models.Discrepancy.objects.get()
    assert (missing.kind, missing.unit, missing.day) == ("fees_missing", owed.unit, day)
    assert reverse("payments:discrepancy", args=[missing.id]) in page
    assert reverse("payments:day", args=[day]) in shown(treasury, "discrepancy", missing.id)
    assert owed.code not in shown(treasury, "day", day, outcome="duplicate")
    answer = treasury.get(reverse("payments:day_file", args=[day]))
    told = b"".join(answer.streaming_content).decode()
    assert answer.headers["Content-Disposition"] == f'attachment; filename="day-{day}.csv"'
    assert told.splitlines()[1] == (
        f"1,cash,missing_at_agency,asker,H38,service:dossiers,{owed.id},,,750,,{missing.key}"
    )
    assert post(treasury, "reconcile", day)
    assert "waiting to be reconciled" in shown(treasury, "day", day)
    assert tasks.reconcile(LATER) == 1
    assert models.Reconciliation.objects.exclude(id=run).get().rows == 1
    elsewhere = browser(TREASURER.actor, unit="H39")
    assert owed.code not in shown(elsewhere, "day", day)
    assert owed.code not in shown(treasury, "day", day, after="1")
    for wrong in ("2024-02-31", "yesterday"):
        assert treasury.get(f"/payments/days/{wrong}/").status_code == 404
