"""Passive authentication of a document's chip: ICAO Doc 9303-10 (files), 9303-11 (protocol), 9303-12 (certificates)."""
