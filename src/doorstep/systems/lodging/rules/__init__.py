"""The law on lodging notices: pure functions over frozen values; time and country come in as arguments."""
