"""The lodging figures of the half-year report, as formulas over facts."""

from decimal import Decimal

from doorstep.kernel.declare.indicators import Direction, Indicator, Kind
from doorstep.systems.lodging.facts import EstablishmentFirstNotified, StayNotified

ESTABLISHMENTS = Indicator(
    key="lodging.establishments",
    question="How many lodging establishments notify their guests electronically?",
    counts="An establishment counts once, from its first accepted notice on.",
    excludes="Establishments that enrolled but never had a notice accepted.",
    measure_unit="establishments",
    direction=Direction.HIGHER,
    kind=Kind.STOCK,
    fact=EstablishmentFirstNotified.KIND,
    rollup="top_month",
    numerator=lambda facts: facts.n.sum(),
    owner="lodging",
)

NOTIFICATIONS = Indicator(
    key="lodging.notifications",
    question="How many stays were notified?",
    counts="Each accepted notice of one guest's stay counts on the day when it was accepted; late ones count too.",
    excludes="Cancelled notices. Corrections, extensions and check-outs do not count again.",
    measure_unit="notifications",
    direction=Direction.HIGHER,
    kind=Kind.STOCK,
    fact=StayNotified.KIND,
    rollup="top_month",
    numerator=lambda facts: facts.n.sum(),
    owner="lodging",
)

ON_TIME_RATE = Indicator(
    key="lodging.on_time_rate",
    question="Of the stays notified in the period, how many were notified before their deadline?",
    counts="Accepted notices that arrived before the deadline, out of all accepted notices of the period.",
    excludes="Cancelled notices, on both sides of the fraction.",
    measure_unit="percent",
    direction=Direction.HIGHER,
    kind=Kind.FLOW,
    fact=StayNotified.KIND,
    rollup="top_month_late",
    numerator=lambda facts: facts.late.ifelse(0, facts.n).sum(),
    denominator=lambda facts: facts.n.sum(),
    factor=Decimal(100),
    smallest=10,
    owner="lodging",
)
