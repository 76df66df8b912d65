"""Words, sentences and the language of plain text, by rule, with exact offsets."""

from silversmith.text.language import LanguageReport, check_language, english_share
from silversmith.text.sentences import split_sentences
from silversmith.text.words import split_words

__all__ = ["LanguageReport", "check_language", "english_share", "split_sentences", "split_words"]
