"""Candidates: spans that may be entities, from rules and heads, with measured recall and counted drops."""

from silversmith.candidates.base import Candidate, CandidateGenerator, Find, Reading, Rule, read
from silversmith.candidates.names import Names, Quotes
from silversmith.candidates.nouns import NounParts, NounPhrases
from silversmith.candidates.numbers import Dates, Numbers
from silversmith.candidates.report import Coverage, measure_candidates
from silversmith.candidates.spans import Mentioned, NGrams
from silversmith.candidates.union import PRESETS, Union, preset

__all__ = [
    "PRESETS",
    "Candidate",
    "CandidateGenerator",
    "Coverage",
    "Dates",
    "Find",
    "Mentioned",
    "NGrams",
    "Names",
    "NounParts",
    "NounPhrases",
    "Numbers",
    "Quotes",
    "Reading",
    "Rule",
    "Union",
    "measure_candidates",
    "preset",
    "read",
]
