"""Every read of payments; takes the actor, returns typed rows that the actor may see."""
