"""The law of payments: pure functions over frozen values; they return reasons, not a bare no."""
