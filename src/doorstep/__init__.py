"""Doorstep: digital government whose every published figure opens down to the records that made it."""
