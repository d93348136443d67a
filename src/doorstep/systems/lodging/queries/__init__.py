"""Every read of lodging, by reader: the actor decides which houses and whose notices are seen."""

from doorstep.systems.lodging.queries import areas, keeper, police, rooms, rows

__all__ = ["areas", "keeper", "police", "rooms", "rows"]
