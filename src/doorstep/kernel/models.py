"""Where Django looks for the kernel's tables; each is defined in the room that owns it."""

from doorstep.kernel.lake.models import Leaf, Pin, Segment
from doorstep.kernel.store.models import (
    AccessToken,
    ActorSession,
    FactBatch,
    IdempotencyKey,
    Installation,
    JournalEntry,
    JournalSubject,
    Message,
    Notice,
    Spending,
    Spent,
    Unit,
)

__all__ = [
    "AccessToken",
    "ActorSession",
    "FactBatch",
    "IdempotencyKey",
    "Installation",
    "JournalEntry",
    "JournalSubject",
    "Leaf",
    "Message",
    "Notice",
    "Pin",
    "Segment",
    "Spending",
    "Spent",
    "Unit",
]
