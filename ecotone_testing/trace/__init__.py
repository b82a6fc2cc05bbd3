"""The numbered record of everything that happened: written once, never drained, read by everybody."""
