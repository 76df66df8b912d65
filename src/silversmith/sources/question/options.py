"""Options of asking, in one checked value."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from silversmith.core import ConfigError
from silversmith.core.errors import nearest

__all__ = ["AskOptions", "Rules", "make_ask_options"]

Profile = Literal["auto", "names", "terms"]


class Rules(BaseModel):
    """The ten rules of normalisation (GeNER, appendix C), each a switch; their numbers are the paper's.

    split_and (1): "X and Y" is two. strip_signs (2): signs at the edges go, but for the full stop of an
    acronym and brackets with their partner (faithful: those too). drop_lower (3): what has no capital goes.
    drop_the (4): one leading "the" goes. shortest (5): characters. stop_words (6). drop_names (7): what is
    asked for by name, and its plural. abbreviations (8): short forms get the type of their long form.
    skip_lower (9): matches of so many tokens without a capital are none. widen (10): by at most so many words
    a side, to a quality phrase of the corpus; 0, the default: off.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    split_and: bool = True
    strip_signs: bool = True
    drop_lower: bool = True
    drop_the: bool = True
    shortest: int = Field(default=3, ge=1)
    stop_words: bool = True
    drop_names: bool = True
    abbreviations: bool = True
    skip_lower: int = Field(default=1, ge=0)
    widen: int = Field(default=0, ge=0)
    faithful: bool = False

    @classmethod
    def of(cls, profile: str) -> Rules:
        """names: as above (news, encyclopaedias, tweets). terms: without 1, 3 and 9 (biomedical text)."""
        return cls() if profile == "names" else cls(split_and=False, drop_lower=False, skip_lower=0)


class AskOptions(BaseModel):
    """k: distinct sentences a question (or fewer, where no phrase is likely enough). least: probability that
    a phrase is of the type below which none is taken (None: the encoder's own threshold). most_a_form:
    sentences in which one and the same surface form counts. signals: what the ranking is fused of.
    pool: phrases of a question that signals other than the first see. profile: which rules; "auto" takes
    `terms` for a type whose best phrases are written small. rules: instead of a profile. template: see
    questions. seed: of the bootstrapped signal.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    k: int = Field(default=5000, ge=1)
    least: float | None = Field(default=None, ge=0, le=1)
    most_a_form: int = Field(default=20, ge=1)
    signals: tuple[str, ...] = ("name",)
    pool: int = Field(default=5000, ge=10)
    template: str = "which"
    profile: Profile = "auto"
    rules: Rules | None = None
    seed: int = Field(default=0, ge=0)


def make_ask_options(**values: Any) -> AskOptions:
    """Checked options. Raises ConfigError: Y030 an unknown option, Y031 a bad value."""
    known = AskOptions.model_fields
    for name in values:
        if name not in known:
            raise ConfigError("Y030", f"unknown option {name!r}", remedy=nearest(name, known))
    try:
        return AskOptions(**values)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, first["loc"]))
        raise ConfigError("Y031", f"option {key!r}: {first['msg']}, found {first['input']!r}") from None
