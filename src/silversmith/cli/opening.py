"""Opening: the source behind --mapping, by what the folder holds (a mapping of `fit`, a mining of `mine`)."""

from __future__ import annotations

from typing import Any

from silversmith.core.errors import ConfigError

__all__ = ["open_source"]


def open_source(mapping: str, model: str | None, candidates: str | None, **options: Any) -> Any:
    """A ready source. options: as of the sources' own opening functions.

    Raises ConfigError R001 no such mapping, R003 an option that this kind has not; ModelError as they do.
    """
    from silversmith.sources.example.opening import is_mining

    if not is_mining(mapping):
        from silversmith.sources.features.opening import open_features

        return open_features(mapping, model, candidates, **options)
    from silversmith.sources.example.opening import open_example

    threshold = options.pop("threshold", None)
    for name, value in {"candidates": candidates, **options}.items():
        if value:
            raise ConfigError(
                "R003", f"--{name} says nothing to a mining", remedy="leave it out", where=mapping
            )
    return open_example(mapping, model, threshold=threshold)
