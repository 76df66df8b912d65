"""The values of the house and what holds them: needs no torch."""

from silversmith.core.artefact import Artefact, checksum, write_artefact
from silversmith.core.document import OUTSIDE, Document, Span
from silversmith.core.errors import ConfigError, DataError, LLMError, ModelError, SilversmithError
from silversmith.core.progress import track
from silversmith.core.schema import EntityType, Schema
from silversmith.core.source import BLOCK, Source, blocks, find_source, source_names
from silversmith.core.version import __version__
from silversmith.core.votes import Evidence, Leaf, Vote

__all__ = [
    "BLOCK",
    "OUTSIDE",
    "Artefact",
    "ConfigError",
    "DataError",
    "Document",
    "EntityType",
    "Evidence",
    "LLMError",
    "Leaf",
    "ModelError",
    "Schema",
    "SilversmithError",
    "Source",
    "Span",
    "Vote",
    "__version__",
    "blocks",
    "checksum",
    "find_source",
    "source_names",
    "track",
    "write_artefact",
]
