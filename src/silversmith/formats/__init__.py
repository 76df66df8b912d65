"""Formats: readers and writers that stream, check and report what they lose."""

from silversmith.formats.losses import Losses, Tally
from silversmith.formats.registry import Reading, check_labels, find_form, forms, read, write

__all__ = ["Losses", "Reading", "Tally", "check_labels", "find_form", "forms", "read", "write"]
