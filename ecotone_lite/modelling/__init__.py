"""Aggregates: loaded, called, saved, and what they recorded published."""
