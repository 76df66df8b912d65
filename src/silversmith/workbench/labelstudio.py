"""The shape of Label Studio's machine learning backend: what it asks of a service, and what it expects back.

POST /setup says that the project may use the service; POST /predict sends tasks and the labelling
configuration (XML), which names the key of the text, the tags and the labels that are offered; POST /webhook
tells of events.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from xml.etree import ElementTree

from pydantic import BaseModel, ConfigDict

from silversmith.core import Document
from silversmith.core.version import __version__

__all__ = ["VERSION", "Configuration", "Predict", "Task", "prediction"]

VERSION = f"silversmith {__version__}"


class Task(BaseModel):
    """One task; its other keys are left alone."""

    model_config = ConfigDict(extra="ignore")

    data: dict[str, Any]


class Predict(BaseModel):
    """A request for predictions."""

    model_config = ConfigDict(extra="ignore")

    tasks: list[Task]
    label_config: str | None = None


@dataclass(frozen=True)
class Configuration:
    """from_name, to_name: of the tags Labels and Text. key: of the text in a task's data. labels: that are
    offered; none: all."""

    from_name: str = "label"
    to_name: str = "text"
    key: str = "text"
    labels: frozenset[str] = field(default_factory=frozenset)

    @classmethod
    def of(cls, text: str | None) -> Configuration:
        """From the XML of a project. Raises ValueError: it is none, or labels no text."""
        if not text:
            return cls()
        if "<!DOCTYPE" in text or "<!ENTITY" in text:
            raise ValueError("label_config declares entities")
        try:
            root = ElementTree.fromstring(text)
        except ElementTree.ParseError as error:
            raise ValueError(f"label_config is no XML: {error}") from None
        texts = {one.get("name", ""): one.get("value", "").lstrip("$") for one in root.iter("Text")}
        for tag in root.iter("Labels"):
            if (to := tag.get("toName", "")) in texts:
                labels = frozenset(one.get("value", "") for one in tag.iter("Label"))
                return cls(tag.get("name", "label"), to, texts[to] or "text", labels)
        raise ValueError("label_config has no Labels for a Text")

    def text_of(self, task: Task) -> str:
        """The text of a task. Raises ValueError: it has none."""
        text = task.data.get(self.key)
        if not isinstance(text, str):
            raise ValueError(f"a task's data has no text under {self.key!r}")
        return text


def prediction(document: Document, chosen: Configuration) -> dict[str, Any]:
    """What Label Studio shows of a document: regions, and their mean score for the order of tasks."""
    result, scores = [], []
    for number, span in enumerate(document.spans):
        if chosen.labels and span.label not in chosen.labels:
            continue
        value = {"start": span.start, "end": span.end, "text": document.text[span.start : span.end]}
        region: dict[str, Any] = {
            "id": f"s{number}", "from_name": chosen.from_name, "to_name": chosen.to_name, "type": "labels",
            "value": {**value, "labels": [span.label]},
        }  # fmt: skip
        if span.score is not None:
            region["score"] = round(span.score, 6)
            scores.append(span.score)
        result.append(region)
    mean = round(sum(scores) / len(scores), 6) if scores else 0.0
    return {"result": result, "score": mean, "model_version": VERSION}
