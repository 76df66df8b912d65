"""Gives a busy machine time."""

from hypothesis import settings

settings.register_profile("text", deadline=None, max_examples=40)
settings.load_profile("text")
