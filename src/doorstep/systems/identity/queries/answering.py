"""Who answers for whom by law, as the register has it: guardians for minors, legal representatives for organisations."""

from datetime import date

from django.db.models import Q, QuerySet

from doorstep.kernel.country import law
from doorstep.systems.identity.country import Country
from doorstep.systems.identity.models import Organisation
from doorstep.systems.identity.rules.register import born_after


def holding(day: date) -> Q:
    """What holds on `day`, of rows with a first day and perhaps an end."""
    return Q(Q(valid_to=None) | Q(valid_to__gt=day), valid_from__lte=day)


def of_minors(day: date) -> Q:
    """Which guardianships hold on `day`: those of wards who are minors then."""
    return Q(holding(day), ward__birth__gt=born_after(day, law(Country, "identity").adult_age))


def active_organisations(day: date) -> QuerySet[Organisation]:
    """The organisations that are active on `day`."""
    return Organisation.objects.filter(Q(active_to=None) | Q(active_to__gt=day), active_from__lte=day)
