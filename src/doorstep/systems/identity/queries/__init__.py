"""Every read of identity; each takes the actor."""
