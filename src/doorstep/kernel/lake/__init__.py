"""The lake: facts sealed into immutable column files, their evidence log, and the formulas over them."""
