"""Candidates from one model while another one types them: mini's heads beside any language model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from silversmith.candidates.base import identity_of
from silversmith.core import Document
from silversmith.models.encode import Encoded, LanguageModel

__all__ = ["MiniCandidates"]


class MiniCandidates:
    """A candidate generator that reads each document with its own model, whatever the states given to it.

    It has no `taps`: nothing is asked of the model that types.
    """

    def __init__(self, model: LanguageModel, proposer: Any) -> None:
        self.model, self.proposer = model, proposer
        self.name = getattr(proposer, "name", "candidates")
        self._taps = sorted(getattr(proposer, "taps", ()))

    def identity(self) -> dict[str, Any]:
        """The generator's, and the model's that it reads with."""
        return {**identity_of(self.proposer), "read_with": identity_of(self.model)}

    def propose(self, document: Document, encoded: Encoded | None = None) -> Sequence[Any]:
        """Spans of a document; `encoded` belongs to another model and is not looked at."""
        own = self.model.encode([document.text], self._taps)[0] if self._taps else None
        found: Sequence[Any] = self.proposer.propose(document, own)
        return found
