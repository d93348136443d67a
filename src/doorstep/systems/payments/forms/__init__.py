"""What people fill in about payments."""
