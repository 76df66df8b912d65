"""Hypothesis settings and helpers of the tests of formats."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from silversmith.core import Document, SilversmithError
from silversmith.formats import Losses, read, write

settings.register_profile("formats", max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
settings.load_profile("formats")


@pytest.fixture
def put(tmp_path):
    """Write bytes or text to a file below tmp_path, exactly; give its path."""

    def _put(name: str, content: str | bytes) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
        return path

    return _put


@pytest.fixture
def there_and_back(tmp_path_factory):
    """Write documents and read them back: (documents, losses of writing, losses of reading)."""

    def _there_and_back(
        documents: list[Document], format: str, name: str = "out", **options
    ) -> tuple[list[Document], Losses, Losses]:
        path = tmp_path_factory.mktemp("round") / name
        lost = write(documents, path, format, **options)
        reading = read(path, format)
        return list(reading), lost, reading.losses

    return _there_and_back


@pytest.fixture
def refused():
    """Read a path that must be refused: the error's code and its one line."""

    def _refused(path, format: str | None = None, **options) -> tuple[str, str]:
        with pytest.raises(SilversmithError) as caught:
            list(read(path, format, **options))
        assert "\n" not in str(caught.value)
        return caught.value.code, str(caught.value)

    return _refused
