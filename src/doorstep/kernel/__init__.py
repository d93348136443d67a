"""The kernel: what every system stands on, and that knows no system's name."""
