"""What happens to a message whose handler failed."""
