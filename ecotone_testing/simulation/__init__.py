"""What is left to chance in memory, chosen from a seed."""
