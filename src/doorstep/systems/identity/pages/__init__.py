"""Identity's pages, thin."""
