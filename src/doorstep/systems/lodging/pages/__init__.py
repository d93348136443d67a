"""The pages of keepers and police units: thin views over queries and actions."""
