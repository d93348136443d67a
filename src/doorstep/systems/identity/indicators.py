"""The e-identity figures of the half-year report, as formulas over facts."""

from decimal import Decimal

from doorstep.kernel.declare.indicators import Direction, Indicator, Kind
from doorstep.systems.identity.facts import EidCounted, PortalEntered, Stage

RECORDS = Indicator(
    key="eid.records",
    question="How many e-identity records have been collected?",
    counts="Each record counts from the day when it was collected.",
    excludes="Revoked records, from the day of the revocation on.",
    measure_unit="records",
    direction=Direction.HIGHER,
    kind=Kind.STOCK,
    fact=EidCounted.KIND,
    rollup="top_month_stage",
    numerator=lambda facts: (facts.stage == Stage.COLLECTED.value).ifelse(facts.n, 0).sum(),
    owner="identity",
)

ACTIVATED = Indicator(
    key="eid.activated",
    question="How many e-identity accounts are active?",
    counts="Each account counts from its activation on, while it is locked too.",
    excludes="Revoked accounts, from the day of the revocation on.",
    measure_unit="accounts",
    direction=Direction.HIGHER,
    kind=Kind.STOCK,
    fact=EidCounted.KIND,
    rollup="top_month_stage",
    numerator=lambda facts: (facts.stage == Stage.ACTIVATED.value).ifelse(facts.n, 0).sum(),
    owner="identity",
)

ACTIVATION_RATE = Indicator(
    key="eid.activation_rate",
    question="Of the e-identity records collected, how many are activated?",
    counts="Active accounts out of collected records, both up to the end of the period.",
    excludes="Revoked records and accounts, on both sides of the fraction.",
    measure_unit="percent",
    direction=Direction.HIGHER,
    kind=Kind.STOCK,
    fact=EidCounted.KIND,
    rollup="top_month_stage",
    numerator=lambda facts: (facts.stage == Stage.ACTIVATED.value).ifelse(facts.n, 0).sum(),
    denominator=lambda facts: (facts.stage == Stage.COLLECTED.value).ifelse(facts.n, 0).sum(),
    factor=Decimal(100),
    smallest=10,
    owner="identity",
)

ACCOUNTS = Indicator(
    key="portal.accounts",
    question="How many people and organisations use the portal?",
    counts="A person or organisation counts once, from the first sign-in to the portal on.",
    excludes="e-IDs that never signed in.",
    measure_unit="accounts",
    direction=Direction.HIGHER,
    kind=Kind.STOCK,
    fact=PortalEntered.KIND,
    rollup="top_month",
    numerator=lambda facts: facts.n.sum(),
    owner="identity",
)
