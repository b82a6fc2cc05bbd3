"""Where a run takes place: in memory, or on real brokers; each says what it is capable of."""
