"""Every write of lodging: `stays` for guests, `houses` for what a keeper runs."""
