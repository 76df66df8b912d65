"""Concept encoders: vectors of spans and of names in one space, so that a name finds its spans (NuNER)."""

from silversmith.models.concepts.encoder import Background, ConceptEncoder
from silversmith.models.concepts.head import ConceptHead, HeadConfig, Places
from silversmith.models.concepts.store import load_concept_part, load_parts, save_parts
from silversmith.models.concepts.vocabulary import Vocabulary, load_vocabulary, save_vocabulary

__all__ = [
    "Background",
    "ConceptEncoder",
    "ConceptHead",
    "HeadConfig",
    "Places",
    "Vocabulary",
    "load_concept_part",
    "load_parts",
    "load_vocabulary",
    "save_parts",
    "save_vocabulary",
]
