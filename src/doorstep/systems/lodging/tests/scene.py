"""Houses with keepers in the database, and what their actions left behind."""

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

import msgspec

from doorstep.kernel.declare.facts import FactKind
from doorstep.kernel.declare.scopes import Actor
from doorstep.kernel.store.models import FactBatch, JournalEntry, JournalSubject, Unit
from doorstep.kernel.store.writing import By
from doorstep.systems.lodging.actions import houses, stays
from doorstep.systems.lodging.actions.stays import Line, Notified
from doorstep.systems.lodging.facts import Channel, FacilityType, StayNotified
from doorstep.systems.lodging.rules.persons import person_key
from doorstep.systems.lodging.rules.records import Stay
from doorstep.systems.lodging.tests.builders import AT, guest, stay

HOUR = timedelta(hours=1)


def keeper(subject: str = "keeper") -> Actor:
    return Actor(subject, roles=("lodging.keeper",))


def police(unit: str) -> Actor:
    return Actor("police", unit=unit, roles=("lodging.police",))


def unit(code: str) -> None:
    """The commune `code`, and nothing above it."""
    values = {"kind": "commune", "parent": code.rpartition(".")[0] or "nation", "names": {"en": code}}
    Unit.objects.get_or_create(
        code=code, valid_from=date(2020, 1, 1), defaults={**values, "source": "test", "certainty": "invented"}
    )


def house(subject: str = "keeper", unit_code: str = "H38.901", **changes: Any) -> str:
    """Enrols a house a month before `AT`; returns its code."""
    unit(unit_code)
    by = By(keeper(subject), AT - timedelta(days=30))
    kind = changes.pop("facility_type", FacilityType.TOURIST)
    return houses.enrol_establishment(by, f"House of {subject}", kind, unit_code, "12 Đường Ví Dụ", **changes).code


def line(serial: int = 123, *, at: datetime = AT, **changes: Any) -> Line:
    """A domestic guest of that serial number who arrived an hour before `at`, unless `guest` says who."""
    who = changes.pop("guest", None) or guest(serial=serial)
    two = changes.pop("two_stays", None)
    return Line(**msgspec.structs.asdict(stay(who, at=at, **changes)), two_stays=two)


def as_stay(one: Line, **changes: Any) -> Stay:
    """The line as a correction names it, changed."""
    return Stay(**{**{name: getattr(one, name) for name in Stay.__struct_fields__}, **changes})


def notify(
    code: str, *lines: Line | list[Any], subject: str = "keeper", at: datetime = AT, channel: Channel = Channel.API
) -> Notified:
    return stays.notify_stays(By(keeper(subject), at), code, lines, channel)


def key(serial: int) -> str:
    """How the journal and the open stays name the guest of `line(serial)`."""
    return person_key(guest(serial=serial))


def facts(kind: FactKind = StayNotified.KIND) -> Counter[tuple[Any, ...]]:
    """The facts in the outbox added up by their dimensions, as declared; what was taken back is left out."""
    found: Counter[tuple[Any, ...]] = Counter()
    for batch in FactBatch.objects.filter(kind=kind.name):
        columns = msgspec.msgpack.decode(batch.columns)
        for *dimensions, n in zip(*(columns[name] for name in kind.columns), strict=True):
            found[tuple(dimensions)] += n
    return Counter({dimensions: n for dimensions, n in found.items() if n})


def journal(action: str) -> list[tuple[set[str], str]]:
    """Subjects and fields of each entry of the action, in order."""
    found = []
    for entry in JournalEntry.objects.filter(action=f"lodging.{action}").order_by("id"):
        subjects = JournalSubject.objects.filter(id=entry.id).values_list("subject", flat=True)
        assert len(subjects) == len(set(subjects))
        found.append((set(subjects), entry.fields))
    return found


def codes(reasons: Sequence[Any]) -> list[tuple[str, str]]:
    """Code without the system, and field, of each reason."""
    return [(one.code.partition(".")[2], one.field) for one in reasons]
