"""A message and its handler: who handles it, with which arguments, and what belongs to its handling."""
