"""The source `concept` (NuNER): spans typed by the names of the types, and the pre-training behind it."""

from silversmith.sources.concept.annotations import Annotations
from silversmith.sources.concept.pretraining import PretrainOptions
from silversmith.sources.concept.source import Concept

__all__ = ["Annotations", "Concept", "PretrainOptions"]
