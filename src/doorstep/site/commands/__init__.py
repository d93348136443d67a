"""The verbs of the command `doorstep`, one module each: `add(parser)` describes it, `run(arguments)` does it."""
