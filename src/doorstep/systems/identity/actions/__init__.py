"""Every write of identity, one file for each field of work."""
