"""Forms of payments; thin, the rules judge."""
