"""Mining: a corpus ranked by the span test, streaming, resumable; the artefact of the source `example`."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from silversmith.core import Artefact, ConfigError, ModelError, Schema, write_artefact
from silversmith.sources.example.calibration import Calibration
from silversmith.sources.example.options import ExampleOptions, make_example_options
from silversmith.sources.example.pairs import Scale
from silversmith.sources.example.ranking import Ranked

__all__ = ["KIND", "Mining", "merge_examples"]

KIND = "mining"
RANKING, FACTS = "ranking.jsonl", "mining.json"


@dataclass(frozen=True, slots=True)
class Mining:
    """What mining found, and what labelling needs of it.

    scales: one an example. calibrations: type -> threshold and probabilities. ranking: the best first.
    empty: (document id, sentence) of sentences without anything near any type. counts: of the run.
    identity: of the model it was made with. warnings: what the user should know.
    """

    schema: Schema
    options: ExampleOptions
    identity: dict[str, Any]
    scales: tuple[Scale, ...]
    calibrations: dict[str, Calibration]
    ranking: tuple[Ranked, ...] = ()
    empty: tuple[tuple[str, int], ...] = ()
    counts: dict[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    @property
    def types(self) -> tuple[str, ...]:
        """The types' names, in order."""
        return self.schema.names

    def thresholds(self) -> list[float]:
        """One a type."""
        return [self.calibrations[name].threshold for name in self.types]

    def accepted(self) -> list[Ranked]:
        """The ranked spans up to their types' thresholds, the best first."""
        limits = self.thresholds()
        return [one for one in self.ranking if one.score <= limits[one.type]]

    def calibrated(self, calibrations: dict[str, Calibration]) -> Mining:
        """The same ranking with other calibrations of some types."""
        return replace(self, calibrations=self.calibrations | calibrations)

    def summary(self) -> dict[str, dict[str, Any]]:
        """Type -> spans kept and ranked, threshold and how it was found."""
        kept, ranked = Counter(one.type for one in self.accepted()), Counter(one.type for one in self.ranking)
        return {
            name: {
                "kept": kept[kind],
                "ranked": ranked[kind],
                **{
                    key: value
                    for key, value in self.calibrations[name].to_json().items()
                    if key != "points" and value is not None
                },
            }
            for kind, name in enumerate(self.types)
        }

    def save(self, folder: Path | str, **fields: Any) -> None:
        """Write the artefact; fields go into its manifest."""
        with write_artefact(folder, KIND, model=self.identity, summary=self.summary(), **fields) as aside:
            (aside / FACTS).write_text(
                json.dumps(self._facts(), ensure_ascii=False, indent=1) + "\n", encoding="utf-8"
            )
            with (aside / RANKING).open("w", encoding="utf-8") as file:
                for one in self.ranking:
                    file.write(json.dumps(one.to_json(), ensure_ascii=True) + "\n")

    @classmethod
    def open(cls, folder: Path | str, identity: dict[str, Any] | None = None) -> Mining:
        """Read an artefact. Raises ModelError A001 to A004, X021 if it was made with another model."""
        artefact = Artefact.open(folder, KIND)
        made = artefact.manifest["model"]
        if identity is not None and made != identity:
            raise ModelError(
                "X021",
                f"it was mined with the model {made.get('name')!r}, not with {identity.get('name')!r}",
                path=folder,
                remedy="name that model with --model, or mine again",
            )
        facts = json.loads(artefact.path(FACTS).read_text(encoding="utf-8"))
        with artefact.path(RANKING).open(encoding="utf-8") as file:
            ranking = tuple(Ranked(*json.loads(line)) for line in file)
        return cls(
            Schema.model_validate(facts["schema"]),
            make_example_options(**facts["options"]),
            made,
            tuple(Scale(*one) for one in facts["scales"]),
            {name: Calibration.of_json(one) for name, one in facts["calibrations"].items()},
            ranking,
            tuple((name, number) for name, number in facts["empty"]),
            facts["counts"],
            tuple(facts["warnings"]),
        )

    def _facts(self) -> dict[str, Any]:
        """All but the ranking."""
        return {
            "schema": self.schema.model_dump(mode="json"),
            "options": self.options.model_dump(mode="json"),
            "scales": [[one.slope, one.shift] for one in self.scales],
            "calibrations": {name: one.to_json() for name, one in self.calibrations.items()},
            "empty": [list(one) for one in self.empty],
            "counts": self.counts,
            "warnings": list(self.warnings),
        }


def merge_examples(schema: Schema, given: Iterable[str], against: Sequence[str] = ()) -> Schema:
    """A schema with the TYPE=EXAMPLE pairs of a command line added. Raises ConfigError X016 no such pair."""
    types = {one.name: one for one in schema.types}
    for key, words in (("examples", given), ("counter_examples", against)):
        for word in words:
            name, sign, text = word.partition("=")
            if not sign or not name.strip() or not text.strip():
                raise ConfigError(
                    "X016", f"{word!r} is no example of a type", remedy='write --example PER="Ada Lovelace"'
                )
            one = types.get(name.strip()) or Schema.of([name.strip()]).types[0]
            types[name.strip()] = one.model_copy(update={key: (*getattr(one, key), text.strip())})
    return Schema(types=tuple(types.values()))
