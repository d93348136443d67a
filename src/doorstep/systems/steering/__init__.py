"""Steering: the half-year report, in which every figure opens to where it came from."""
