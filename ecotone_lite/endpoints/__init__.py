"""Asynchronous endpoints: a handler split from its caller by channels, and the consumers that serve it."""
