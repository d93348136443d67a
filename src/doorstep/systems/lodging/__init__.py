"""Lodging: who stays where tonight, notified by the house to the police unit in time."""
