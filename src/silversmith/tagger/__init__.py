"""Tagger: students trained on silver (planned)."""
