"""Real brokers: an address given, containers started for a run, or a mock."""
