"""Terms that a user must agree to before a model is installed."""

from __future__ import annotations

from dataclasses import dataclass

from silversmith.core.errors import ConfigError

__all__ = ["GEMMA", "Terms", "agree"]


@dataclass(frozen=True, slots=True)
class Terms:
    """name, url: the document; option: what on the command line says yes; text: what it covers, for the user.

    notice: the line that must travel with the weights and with what is made from them.
    """

    name: str
    url: str
    option: str
    text: str
    notice: str


GEMMA = Terms(
    "Gemma Terms of Use",
    "ai.google.dev/gemma/terms",
    "--accept-gemma-terms",
    """Gemma 3 270M is a model of Google and no part of silversmith. It is under the Gemma Terms of Use.

  Read them:   https://ai.google.dev/gemma/terms
  and:         https://ai.google.dev/gemma/prohibited_use_policy (uses that they forbid)

  They cover   using, copying, changing and passing on the model, and "Model Derivatives": works based on it.
  What you train on its states, such as a sparse autoencoder or a mapping, is under them too: who gets it
  from you needs a copy of the terms, the restrictions of use, a note of what was changed, and the notice
  "Gemma is provided under and subject to the Gemma Terms of Use found at ai.google.dev/gemma/terms".
  What is installed: Google's base model, rounded to 4 to 8 bits by a third party, here made safetensors.""",
    "Gemma is provided under and subject to the Gemma Terms of Use found at ai.google.dev/gemma/terms",
)
"""The terms of Google's Gemma models."""


def agree(terms: Terms, answer: str | None) -> None:
    """Go on only after a yes. answer: what the user typed; None = nobody could be asked.

    Raises ConfigError S040.
    """
    if answer is not None and answer.strip().lower() in {"y", "yes"}:
        return
    why = "not agreed to" if answer is not None else "not agreed to (nobody could be asked)"
    raise ConfigError(
        "S040", f"the {terms.name} were {why}; nothing was installed", remedy=f"agree with {terms.option}"
    )
