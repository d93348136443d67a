"""Pure values that every floor speaks in: no Django, no database, no clock."""
