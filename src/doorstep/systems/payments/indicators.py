"""The payment figures of the half-year report, as formulas over facts."""

from decimal import Decimal

from doorstep.kernel.declare.indicators import Direction, Indicator, Kind
from doorstep.systems.payments.facts import Channel, PaymentSettled

COUNT = Indicator(
    key="portal.payments_count",
    question="How many payments were made online through the portal?",
    counts="Each payment that was settled by a bank transfer counts on the day when it was settled.",
    excludes="Payments in cash, and payments refunded in full, from the day of the refund on.",
    measure_unit="transactions",
    direction=Direction.HIGHER,
    kind=Kind.STOCK,
    fact=PaymentSettled.KIND,
    rollup="top_month_channel",
    numerator=lambda facts: (facts.channel == Channel.TRANSFER.value).ifelse(facts.n, 0).sum(),
    owner="payments",
)

VALUE = Indicator(
    key="portal.payments_value",
    question="What do the payments made online through the portal add up to?",
    counts="The amount of each payment that was settled by a bank transfer, on the day when it was settled.",
    excludes="Payments in cash, and payments refunded in full. What is refunded in part still counts in full.",
    measure_unit="billion VND",
    direction=Direction.HIGHER,
    kind=Kind.STOCK,
    fact=PaymentSettled.KIND,
    rollup="top_month_channel",
    numerator=lambda facts: (facts.channel == Channel.TRANSFER.value).ifelse(facts.amount, 0).sum(),
    factor=Decimal("1e-9"),  # the report counts in billions of the whole currency, which has no smaller unit there
    owner="payments",
)

ONLINE_RATE = Indicator(
    key="payments.online_rate",
    question="Of the payments settled in the period, how many were made without cash?",
    counts="Payments by bank transfer, out of all payments settled in the period.",
    excludes="Payments refunded in full, on both sides of the fraction.",
    measure_unit="percent",
    direction=Direction.HIGHER,
    kind=Kind.FLOW,
    fact=PaymentSettled.KIND,
    rollup="top_month_channel",
    numerator=lambda facts: (facts.channel == Channel.TRANSFER.value).ifelse(facts.n, 0).sum(),
    denominator=lambda facts: facts.n.sum(),
    factor=Decimal(100),
    smallest=10,
    owner="payments",
)
