"""Mapping: fitted evidence as one small artefact that needs no training data, only its model."""

from __future__ import annotations

import json
from collections.abc import Callable
from collections.abc import Mapping as Dict
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from silversmith.core import Artefact, ModelError, write_artefact
from silversmith.sources.features.corpus import Corpus
from silversmith.sources.features.doubt import noise_of
from silversmith.sources.features.examples import Examples, collect_examples
from silversmith.sources.features.fitting import Fit, fit_corpus
from silversmith.sources.features.linear import Linear
from silversmith.sources.features.method import decide, probabilities
from silversmith.sources.features.options import Options, make_options
from silversmith.sources.features.pooling import pool
from silversmith.sources.features.table import Csr, SpanTable

__all__ = ["Mapping", "Prediction"]

KIND, WEIGHTS, EXAMPLES = "mapping", "mapping.safetensors", "examples.jsonl"
EXAMPLES_LICENCE = "example spans: CC BY-SA 4.0, from the documents named; they are no part of the code"


@dataclass(frozen=True, slots=True)
class Prediction:
    """scores, p: float64 [spans, classes]; evident: whether a mapped latent was active; decided: label
    positions [spans] (equation 10)."""

    scores: NDArray[np.float64]
    p: NDArray[np.float64]
    evident: NDArray[np.bool_]
    decided: NDArray[np.int64]


@dataclass(frozen=True)
class Mapping:
    """Evidence of latents for labels.

    linear: weights and thresholds. labels: the types and, last, O. identity: of the model, the
    autoencoder and the candidate generator it was made with. dense: latents [.] that are ignored.
    examples: the mapping corpus's top spans by latent. counts: what it was made from. descriptions: what
    others say of a mapped latent.
    """

    linear: Linear
    labels: tuple[str, ...]
    temperature: float
    options: Options
    identity: Dict[str, Any]
    latents: int
    dense: NDArray[np.int32]
    examples: Examples = field(default_factory=dict)
    counts: Dict[str, Any] = field(default_factory=dict)
    descriptions: Dict[int, str] = field(default_factory=dict)

    @classmethod
    def fit(
        cls,
        corpus: Corpus,
        options: Options | None = None,
        *,
        identity: Dict[str, Any] | None = None,
        density: NDArray[np.float64] | None = None,
        examples: int = 3,
    ) -> Mapping:
        """Fit on a corpus of read documents. examples: spans kept a latent (0: none).

        Raises ModelError M020 if the corpus has no gold span to learn from.
        """
        if not len(corpus.gold):
            raise ModelError(
                "M020",
                "no labelled span in the mapping documents",
                remedy="give documents with spans of the schema's types",
            )
        fit = fit_corpus(corpus, options or Options(), density)
        return cls(
            linear=fit.linear,
            labels=corpus.labels,
            temperature=fit.temperature,
            options=fit.options,
            identity=identity or {},
            latents=corpus.matrix.shape[1],
            dense=np.flatnonzero(fit.dense).astype(np.int32),
            examples=collect_examples(corpus, fit, examples) if examples else {},
            counts=_counts(corpus, fit),
        )

    @property
    def outside(self) -> int:
        """Position of O."""
        return len(self.labels) - 1

    def mapped_latents(self) -> NDArray[np.int64]:
        """The latents that carry evidence in some role, ascending."""
        columns = self.linear.columns
        return np.unique(columns[columns < len(self.options.roles) * self.latents] % self.latents)

    def described(self, known: Dict[int, str]) -> Mapping:
        """The same with descriptions of those latents that are mapped."""
        kept = {latent: known[latent] for latent in self.mapped_latents().tolist() if latent in known}
        return replace(self, descriptions=kept)

    def vectors(self, matrix: Csr, table: SpanTable) -> Csr:
        """Span vectors of this mapping's representation."""
        dense = np.zeros(self.latents, np.bool_)
        dense[self.dense] = True
        return pool(matrix, table, self.options, dense)

    def predict(self, matrix: Csr, table: SpanTable) -> Prediction:
        """Scores, probabilities and decisions for spans over activations [pieces, latents]."""
        return self.judge(self.vectors(matrix, table))

    def judge(self, x: Csr) -> Prediction:
        """The same from span vectors."""
        scores, evident = self.linear.scores(x), self.linear.evident(x)
        p = probabilities(scores, self.temperature, evident)
        return Prediction(scores, p, evident, decide(scores, p, evident, self.options))

    def save(self, folder: Path | str, beside: Callable[[Path], None] | None = None, **fields: Any) -> None:
        """Write the artefact. fields: more for the manifest (command, inputs, licences).

        beside: called with the folder in the making, to put more files there.
        """
        from safetensors.numpy import save_file

        exact = self.linear.quantised().weights
        half = np.array_equal(exact, self.linear.weights)
        arrays = {
            "columns": self.linear.columns.astype(np.int32),
            "weights": self.linear.weights.astype(np.float16 if half else np.float32),
            "bias": self.linear.bias,
            "tau": self.linear.tau if self.linear.gate != "value" else np.zeros(0),
            "dense": self.dense,
        }
        state = {
            "labels": list(self.labels),
            "temperature": self.temperature,
            "latents": self.latents,
            "width": self.linear.width,
            "gate": self.linear.gate,
            "rho": self.linear.rho,
            "counts": dict(self.counts),
        }
        if self.descriptions:
            state["descriptions"] = {str(one): text for one, text in sorted(self.descriptions.items())}
        licences = {EXAMPLES: EXAMPLES_LICENCE, **fields.pop("licences", {})}
        manifest = {"model": dict(self.identity), "configuration": self.options.model_dump(mode="json")}
        with write_artefact(folder, KIND, **manifest, mapping=state, licences=licences, **fields) as aside:
            save_file(arrays, aside / WEIGHTS)
            with (aside / EXAMPLES).open("w", encoding="utf-8") as file:
                for column, spans in sorted(self.examples.items()):
                    line = {"role": column // self.latents, "latent": column % self.latents, "spans": spans}
                    file.write(json.dumps(line, ensure_ascii=False) + "\n")
            if beside is not None:
                beside(aside)

    @classmethod
    def open(cls, folder: Path | str, identity: Dict[str, Any] | None = None) -> Mapping:
        """Read an artefact. identity: of the model in use, compared part by part if given.

        Raises ModelError A001 to A004 (missing, other kind, newer, altered), M021 made for another model.
        """
        from safetensors.numpy import load_file

        artefact = Artefact.open(folder, KIND)
        if identity is not None:
            _same_model(artefact, identity)
        arrays, state = load_file(artefact.path(WEIGHTS)), artefact.manifest["mapping"]
        columns = arrays["columns"].astype(np.int64)
        tau = arrays["tau"] if len(arrays["tau"]) else np.zeros(len(columns))
        weights = arrays["weights"].astype(np.float64)
        linear = Linear(columns, weights, arrays["bias"], tau, state["width"], state["gate"], state["rho"])
        return cls(
            linear=linear,
            labels=tuple(state["labels"]),
            temperature=state["temperature"],
            options=make_options(**artefact.manifest["configuration"]),
            identity=artefact.manifest["model"],
            latents=state["latents"],
            dense=arrays["dense"],
            examples=_read_examples(artefact.path(EXAMPLES), state["latents"]),
            counts=state["counts"],
            descriptions={int(latent): text for latent, text in state.get("descriptions", {}).items()},
        )


def _counts(corpus: Corpus, fit: Fit) -> dict[str, Any]:
    """What a mapping was made from."""
    spans = np.bincount(fit.table.label, minlength=len(corpus.labels))
    noise = {} if fit.joint is None else {"noise": noise_of(fit.joint, corpus.labels)}
    return {
        "documents": len(corpus.chosen),
        "pieces": int(corpus.matrix.shape[0]),
        "spans": {label: int(count) for label, count in zip(corpus.labels, spans, strict=True)},
        "dropped": dict(corpus.dropped),
        "coverage": corpus.coverage,
        "held_out_f1": fit.held_out_f1,
        **noise,
    }


def _same_model(artefact: Artefact, identity: Dict[str, Any]) -> None:
    """Refuse a mapping that another model or autoencoder made; candidates may differ."""
    for part in ("model", "sae"):
        made, used = artefact.manifest["model"].get(part), identity.get(part)
        if made != used:
            raise ModelError(
                "M021",
                f"this mapping was made for the {part} {_named(made)}, not for {_named(used)}",
                path=artefact.folder,
                remedy="load that model, or fit a mapping for this one with `silversmith fit`",
            )


def _named(part: Any) -> str:
    """A part's name with its other facts, shortened checksums."""
    if not isinstance(part, dict):
        return repr(part)
    facts = {key: value[:12] if isinstance(value, str) else value for key, value in part.items()}
    name = facts.pop("name", "?")
    return f"{name!r} ({', '.join(f'{key} {value}' for key, value in sorted(facts.items()))})"


def _read_examples(path: Path, latents: int) -> Examples:
    """The examples of a mapping, by column."""
    with path.open(encoding="utf-8") as file:
        lines = [json.loads(line) for line in file]
    return {line["role"] * latents + line["latent"]: line["spans"] for line in lines}
