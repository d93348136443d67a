"""Steering's pages: reports for everybody, and the desk of the secretary who imports figures and has reports made."""
