"""The model card of an exported tagger: what it tags, what it was trained on, how to use it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["model_card"]

HEAD = """---
library_name: transformers
pipeline_tag: token-classification
tags:
- named-entity-recognition
- silversmith
---
# Tagger for {labels}

Made by {made_by} from {documents:,} documents ({words:,} words) of silver annotations, loss `{loss}`.

## Use

```python
from transformers import pipeline

tagger = pipeline("token-classification", model="FOLDER", aggregation_strategy="first", stride=64)
tagger("Ada Lovelace worked in London.")
```

## Types

{types}

## Training

- encoder: {encoder}
- best step: {best}
- input: {inputs}

## Limits

- Trained on silver: annotations made by a program, with its faults. Measure on documents of your own.
- Texts longer than {window} pieces have to be read in strides (`stride=` above).
- This folder decodes each piece by itself; silversmith's own tagger and its ONNX export choose the best legal
  sequence of tags{shapes}, so labels differ on a few words.
"""


def model_card(config: Mapping[str, Any], manifest: Mapping[str, Any]) -> str:
    """README.md of the folder, from the tagger's configuration and manifest."""
    result = manifest.get("result", {})
    silver, best = result.get("silver", {}), result.get("best", {})
    spans = silver.get("spans", {})
    types = "\n".join(f"- {label}: {spans.get(label, 0):,} spans" for label in config["labels"])
    step = f"{best['step']}, F1 {best['f1']:.3f} on held-out silver" if best else "the last"
    inputs = ", ".join(f"{name} ({sum256})" for name, sum256 in manifest.get("inputs", {}).items())
    return HEAD.format(
        labels=", ".join(config["labels"]),
        made_by=manifest["made_by"],
        documents=silver.get("documents", 0),
        words=silver.get("words", 0),
        loss=config.get("loss", "?"),
        types=types,
        encoder=config["encoder"].get("name", "?"),
        best=step,
        inputs=inputs or "not recorded",
        window=config["window"],
        shapes=" and see capitals" if config["shapes"] else "",
    )
