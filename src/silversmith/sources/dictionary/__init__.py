"""The source `dictionary`: lists of terms, matched in text (the matching stage of GeNER, section 3.3)."""

from silversmith.sources.dictionary.entries import Entries, Entry
from silversmith.sources.dictionary.gazetteers import read_gazetteer
from silversmith.sources.dictionary.source import Dictionary, DictionaryOptions

__all__ = ["Dictionary", "DictionaryOptions", "Entries", "Entry", "read_gazetteer"]
