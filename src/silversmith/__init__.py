"""silversmith: named-entity recognition without hand-labelled data."""

from silversmith.core import (
    OUTSIDE,
    ConfigError,
    DataError,
    Document,
    EntityType,
    Evidence,
    LLMError,
    ModelError,
    Schema,
    SilversmithError,
    Span,
    Vote,
    __version__,
)

__all__ = [
    "OUTSIDE",
    "ConfigError",
    "DataError",
    "Document",
    "EntityType",
    "Evidence",
    "LLMError",
    "ModelError",
    "Schema",
    "SilversmithError",
    "Span",
    "Vote",
    "__version__",
]
