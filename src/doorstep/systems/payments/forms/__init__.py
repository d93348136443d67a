"""Forms of payments' pages: thin shapes; the rules judge."""
