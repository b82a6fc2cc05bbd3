"""Contract suites: what every implementation of a port must do, as tests over one fixture, for third parties too."""
