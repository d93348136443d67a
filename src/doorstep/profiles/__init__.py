"""Countries: each profile fills the sockets that systems declare in their `country.py`; the site picks one by name."""
