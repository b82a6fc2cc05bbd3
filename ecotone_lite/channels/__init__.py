"""Channels: what a user declares, the port every kind of channel fills, and the kinds that live in memory."""
