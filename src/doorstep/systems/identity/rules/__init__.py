"""The rules on identity documents: pure functions over bytes and frozen values; time comes in as an argument."""
