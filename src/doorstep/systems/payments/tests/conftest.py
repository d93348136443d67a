"""What all tests of payments have."""

from doorstep.systems.payments.tests.books import books_hold

__all__ = ["books_hold"]
