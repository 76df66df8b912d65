"""Seeds: the examples of each type and what they are compared in, checked before any work."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter

from silversmith.core import ConfigError, EntityType, Schema
from silversmith.models.masked import MaskedModel
from silversmith.sources.example.filled import Filled, fill, template_places
from silversmith.sources.example.options import ExampleOptions
from silversmith.sources.example.template import CAUSAL, MASKED, PLACEHOLDER, Template, make_template

__all__ = ["Seed", "Seeds", "make_seeds"]

STRANGE = ("\U00013001", "\U00012002")
"""A hieroglyph and a cuneiform sign, in no vocabulary, with different last bytes."""


@dataclass(frozen=True, slots=True)
class Seed:
    """One example. number: its place among all; type: its type's place; counter: whether it is "not this"."""

    number: int
    type: int
    text: str
    counter: bool = False


@dataclass(frozen=True, slots=True)
class Seeds:
    """All examples, type by type. templates: one a type."""

    types: tuple[str, ...]
    seeds: tuple[Seed, ...]
    templates: tuple[Template, ...]

    def of(self, kind: int, *, counter: bool = False) -> list[Seed]:
        """The examples of a type, or its counter-examples."""
        return [seed for seed in self.seeds if seed.type == kind and seed.counter == counter]

    def by_type(self) -> Iterator[tuple[int, list[Seed]]]:
        """(type, its examples and counter-examples)."""
        for kind, group in groupby(self.seeds, key=attrgetter("type")):
            yield kind, list(group)

    def without(self, dropped: set[int]) -> Seeds:
        """The same without some examples, numbered anew."""
        kept = [seed for seed in self.seeds if seed.number not in dropped]
        fresh = tuple(Seed(n, one.type, one.text, one.counter) for n, one in enumerate(kept))
        return Seeds(self.types, fresh, self.templates)


def make_seeds(schema: Schema, options: ExampleOptions, model: MaskedModel) -> Seeds:
    """The checked examples of a schema.

    Raises ConfigError: X010, X011 the template; X012 a type without an example; X013 an example that is the
    placeholder; X014 one that the tokenizer doesn't keep; X015 a string that is example and counter-example.
    """
    seeds: list[Seed] = []
    templates = []
    for kind, one in enumerate(schema.types):
        template = make_template(_wording(one, options, model), one.name)
        templates.append(template)
        for text, counter in _texts(one, options):
            _check(text, template, one.name, model)
            seeds.append(Seed(len(seeds), kind, text, counter))
    return Seeds(schema.names, tuple(seeds), tuple(templates))


def _wording(one: EntityType, options: ExampleOptions, model: MaskedModel) -> str:
    """A type's template as it is written."""
    if one.name in options.templates:
        return options.templates[one.name]
    if PLACEHOLDER in one.description:
        return one.description
    return options.template if options.template is not None else CAUSAL if model.causal else MASKED


def _texts(one: EntityType, options: ExampleOptions) -> Iterator[tuple[str, bool]]:
    """(example, whether it is a counter-example), each once, blanks single."""
    groups = [
        list(dict.fromkeys(_clean(text, options) for text in given))
        for given in (one.examples, one.counter_examples)
    ]
    if not groups[0]:
        raise ConfigError(
            "X012",
            f"type {one.name!r} has no example",
            remedy=f"give one: --example {one.name}=..., or examples = [...] in the schema",
        )
    for text in groups[1]:
        if text in groups[0]:
            raise ConfigError("X015", f"{text!r} is an example and a counter-example of type {one.name!r}")
    for counter, group in enumerate(groups):
        yield from ((text, bool(counter)) for text in group)


def _clean(text: str, options: ExampleOptions) -> str:
    """An example with single blanks."""
    text = " ".join(text.split())
    return text.lower() if options.lower_case else text


def _check(text: str, template: Template, label: str, model: MaskedModel) -> None:
    """Refuse an example that can't be tested."""
    if PLACEHOLDER in text or text == PLACEHOLDER.strip("{}"):
        raise ConfigError(
            "X013",
            f"the example {text!r} is the template's placeholder",
            where=f"type {label!r}",
            remedy="give a real entity",
        )
    filled = fill(model, *template.fill(text)) if text else None
    if filled is None or not _kept(text, filled, template, model):
        raise ConfigError(
            "X014",
            f"the example {text!r} does not survive the tokenizer of {model.name}",
            where=f"type {label!r}",
            remedy="give another example, or a model of its language",
        )
    if not sum(map(len, template_places(filled, model))):
        raise ConfigError(
            "X011",
            "the template has no piece to read beside the span",
            where=f"type {label!r}",
            remedy=f"e.g. {CAUSAL if model.causal else MASKED!r}",
        )


def _kept(text: str, filled: Filled, template: Template, model: MaskedModel) -> bool:
    """Whether each sign of an example is in some piece, and none of them is the unknown piece."""
    start = len(template.before)
    unknown = _unknown(model)
    if unknown is not None and unknown in filled.ids[filled.first : filled.last].tolist():
        return False
    covered = {
        place
        for low, high in filled.offsets[filled.first : filled.last].tolist()
        for place in range(low, high)
    }
    return all(sign.isspace() or start + n in covered for n, sign in enumerate(text))


def _unknown(model: MaskedModel) -> int | None:
    """The unknown piece, or None if the model can spell everything."""
    one, other = (model.split(sign)[0].tolist() for sign in STRANGE)
    return one[-1] if one and other and one[-1] == other[-1] else None
