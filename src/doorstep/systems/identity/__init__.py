"""Identity: who somebody is, and what a document proves of it."""
