"""Properties are tried on the same examples in every run, and a slow machine fails none of them."""

from hypothesis import settings

settings.register_profile("ecotone", deadline=None, derandomize=True, max_examples=60)
settings.load_profile("ecotone")
