"""ExampleOptions: every choice of the span test and of what is made of it, in one frozen value."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from silversmith.core.errors import ConfigError, nearest

__all__ = ["ExampleOptions", "make_example_options"]


class ExampleOptions(BaseModel):
    """How spans are tested, which ones are kept and what they become.

    `ExampleOptions()` follows the published method and, where paper and code differ, its code. Fields say
    what the paper leaves open.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    ways: Literal["two", "sentence", "template"] = "two"
    """Sides of the test: "sentence" is the paper's one-way test; "template" alone ignores the context."""
    measure: Literal["divergence", "cosine"] = "divergence"
    """What is compared: distributions at the neighbours (ours), or span states (the paper's baseline)."""
    template: str | None = None
    """Wording with {span} and perhaps {name}; None: "The {name} name: {span}" for masked models, "{span} is
    a {name} name" for causal ones. A type's description that holds {span} counts for that type."""
    templates: dict[str, str] = Field(default_factory=dict)
    """Type -> wording of its own."""
    neighbours: Literal["piece", "word"] = "piece"
    """What is masked beside a span: one piece, or all pieces of the word (the mean of their divergences)."""
    edges: Literal["keep", "drop"] = "keep"
    """At a sentence's edge: the model's own end mark is the neighbour, or there is none."""
    temperature: float = Field(default=2.0, gt=0, allow_inf_nan=False)
    """Of the softmax. The paper names none; its code has 2."""
    lower_case: bool = False
    """Whether examples are lower-cased, for corpora without capitals."""

    max_words: int = Field(default=3, ge=1, le=12)
    """Words of the longest span tested."""
    skip_digits: bool = True
    """Whether spans with a digit are left out (the code's rule, not the paper's)."""
    digit_types: tuple[str, ...] = ()
    """Types that may have digits all the same: codes, prices, hours."""
    stop_words: tuple[str, ...] | None = None
    """Words that no span may hold, in lower case; None: 179 English ones and 18 signs."""
    spaced: bool = False
    """Whether words are joined by single blanks, as in the paper's tokenised corpora, or as in the text."""
    longest: int | None = Field(default=30, ge=1)
    """Words of the longest sentence tested: a long one has more entities that nobody marks. Chat: 20."""

    threshold: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    """Largest mean divergence of a span that is kept; None: the model's own (`MaskedModel.threshold`). Paper,
    with roberta-large: 0.15 for news, 0.20 for tweets and queries."""
    thresholds: dict[str, float] = Field(default_factory=dict)
    """Type -> threshold of its own."""
    top: int | None = Field(default=None, ge=1)
    """Spans kept a type, the best ones, instead of a threshold."""
    keep: int = Field(default=100_000, ge=1)
    """At most so many spans a type are held, whatever the threshold."""
    band: float = Field(default=1.0, ge=1)
    """Spans up to so many thresholds are ranked too: near misses, for questions and second examples. They
    are no silver; 1 ranks none and is fastest."""
    several: Literal["standardised", "plain", "mean"] = "standardised"
    """A type's score from several examples: the least, after scaling each to the first one's median and
    spread; the least as it is; or the mean of the two least."""
    share: float = Field(default=0.1, ge=0, le=1)
    """A further example that shares less than this of its best spans with the others is left out."""

    calibrate: Literal["none", "decoys"] = "none"
    """Where thresholds come from: as given, or from lower-case decoys."""
    false_share: float = Field(default=0.1, gt=0, lt=1)
    """Decoys: share of wrong spans that the threshold may let in."""
    decoy_share: float = Field(default=1.0, gt=0, le=1)
    """Decoys: assumed share of all candidates that are no entities; 1 is cautious."""
    probe: int = Field(default=300, ge=10)
    """Sentences tested in full beforehand, where scales or decoys are needed."""

    nested_margin: float = Field(default=0.3, ge=0)
    """Inside a nested group the longest wins if its score is at most this share worse. A small model hardly
    tells a family name from a whole name, so 0.1 leaves many in parts."""
    empty: float = Field(default=3.0, ge=1)
    """A sentence whose best score is above so many thresholds may stand for "no entity"."""
    seed: int = 0

    @classmethod
    def paper(cls, **changes: object) -> ExampleOptions:
        """The published setting: tokenised text, words joined by blanks."""
        return make_example_options(**({"spaced": True} | changes))

    def changed(self, **changes: object) -> ExampleOptions:
        """The same options with some replaced, checked anew."""
        return make_example_options(**(self.model_dump() | changes))

    def settled(self, threshold: float) -> ExampleOptions:
        """The same with this threshold where none was chosen."""
        return self if self.threshold is not None else self.changed(threshold=threshold)

    def threshold_of(self, label: str) -> float:
        """The threshold of a type, of settled options."""
        found = self.thresholds.get(label, self.threshold)
        assert found is not None
        return found


def make_example_options(**values: object) -> ExampleOptions:
    """Options from keys and values. Raises ConfigError X001 unknown key (nearest named), X002 bad value."""
    for key in values:
        if key not in ExampleOptions.model_fields:
            raise ConfigError(
                "X001", f"there is no option {key!r}", remedy=nearest(key, ExampleOptions.model_fields)
            )
    try:
        return ExampleOptions.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, first["loc"]))
        raise ConfigError("X002", f"option {key!r}: {first['msg']}") from None
