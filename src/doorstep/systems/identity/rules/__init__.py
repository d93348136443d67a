"""The law of identity: pure functions that return reasons, not a bare no."""
