"""The pure heart of the half-year report: figures, their comparison, the report and its words in every language."""
