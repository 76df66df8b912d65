"""Prompts: versioned files, filled with a text and, for a schema, its types."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from silversmith.core import ConfigError, Schema

__all__ = ["Prompt", "open_prompt", "schema_prompt"]

LANGUAGE = " Write categories in the language of the text."


@dataclass(frozen=True, slots=True)
class Prompt:
    """name: of its file, with its version. template: with {text}. types: allowed (None: free concepts)."""

    name: str
    template: str
    types: tuple[str, ...] | None = None

    def fill(self, text: str) -> str:
        """The whole message for one text."""
        return self.template.replace("{text}", text)

    def shape(self) -> dict[str, Any]:
        """JSON schema of a structured answer, for servers that can be bound to one."""
        kind: dict[str, Any] = {"type": "string"}
        if self.types is not None:
            kind["enum"] = list(self.types)
        item = {
            "type": "object",
            "properties": {"phrase": {"type": "string"}, "type": kind},
            "required": ["phrase", "type"],
            "additionalProperties": False,
        }
        whole: dict[str, Any] = {"type": "object", "additionalProperties": False}
        whole |= {"properties": {"entities": {"type": "array", "items": item}}, "required": ["entities"]}
        return {"type": "json_schema", "json_schema": {"name": "entities", "strict": True, "schema": whole}}

    @property
    def mark(self) -> str:
        """Name and a checksum of the text, for caches and manifests."""
        return f"{self.name}:{hashlib.sha256(self.template.encode()).hexdigest()[:12]}"


def open_prompt(*, multilingual: bool = False) -> Prompt:
    """Free concepts; multilingual: named in the text's language."""
    template = _read("open-1").replace("{language}", LANGUAGE if multilingual else "")
    return Prompt("open-1", template)


def schema_prompt(schema: Schema) -> Prompt:
    """The types of a schema with their descriptions and examples. Raises ConfigError J010: no type."""
    if not schema.types:
        raise ConfigError("J010", "the schema has no type", remedy="write one [[type]] a type")
    lines = []
    for one in schema.types:
        told = f": {one.description}" if one.description else ""
        such = f" (such as {', '.join(one.examples)})" if one.examples else ""
        lines.append(f"- {one.name}{told}{such}")
    template = _read("schema-1").replace("{types}", "\n".join(lines))
    return Prompt("schema-1", template, schema.names)


def _read(name: str) -> str:
    """The text of a prompt file."""
    return (files("silversmith.sources.llm") / "prompts" / f"{name}.txt").read_text(encoding="utf-8")
