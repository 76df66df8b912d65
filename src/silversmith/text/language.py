"""Does a text look English? By script and by function words, without a model.

`mini` is English and uncased; the first documents of a collection are checked once, so that a user of
another language reads one clear line and not strange results.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice

__all__ = ["LanguageReport", "check_language", "english_share"]

_ENGLISH_WORDS = (
    "the of and to a in is was for that it as with on by be are at from this an or he which his had not "
    "were but have has they been their its also after first she her who all there when we you i can will "
    "would may no than other into about more some these such only over new between during through where "
    "while both if out up him them then so my your our do did does what how said any each most many could "
    "should being under against because before until since those however very"
)
_FUNCTION_WORDS = frozenset(_ENGLISH_WORDS.split())
_SHARED_WORDS = "a in an i is as on he no me do so was his or for to all"
_SHARED = frozenset(_SHARED_WORDS.split())
_OTHER = {
    "German": "der die das und ist nicht mit von für auf ein eine dem den des sich auch wird werden zu im",
    "French": "le la les des est et une dans pour qui sur par pas du au ce il elle sont avec",
    "Spanish": "el la los las es y una en para que del por con se su al como más fue",
    "Italian": "il la di che è e un una per del della con non si le gli nel sono",
    "Portuguese": "o a os as é e uma em para que do da por com não se dos das no na",
    "Dutch": "de het een van en is niet met voor op te zijn dat er aan door ook",
}
_WORD = re.compile(r"[^\W\d_]+")
_SCRIPTS = (
    ("Latin", "A-Za-zÀ-ɏḀ-ỿ"),
    ("Chinese or Japanese", "\u3041-\u30ff\u3400-\u4dbf\u4e00-\u9fff"),
    ("Cyrillic", "\u0400-\u052f"),
    ("Arabic", "\u0600-\u06ff\u0750-\u077f"),
    ("Devanagari", "\u0900-\u097f"),
    ("Greek", "\u0370-\u03ff\u1f00-\u1fff"),
    ("Hebrew", "\u0590-\u05ff"),
    ("Hangul", "\uac00-\ud7af\u1100-\u11ff"),
    ("Thai", "\u0e00-\u0e7f"),
)
_SCRIPT = tuple((name, re.compile(f"[{chars}]")) for name, chars in _SCRIPTS)
FEW_WORDS, ENGLISH = 6, 0.16


def english_share(text: str) -> float | None:
    """Share of English function words among the words (English prose: 0.3 to 0.5); None below 6 words."""
    words = [word.lower() for word in _WORD.findall(text[:20000])]
    if len(words) < FEW_WORDS:
        return None
    return sum(word in _FUNCTION_WORDS for word in words) / len(words)


@dataclass(frozen=True, slots=True)
class LanguageReport:
    """What the first documents look like: documents checked, how many are not English, guesses and shares."""

    documents: int
    foreign: int
    guesses: tuple[tuple[str, int], ...]
    example: str | None

    def warning(self) -> str | None:
        """One line for the user, or None if all looks English."""
        if not self.foreign:
            return None
        share = self.foreign / self.documents
        kinds = ", ".join(f"{name} {count}" for name, count in self.guesses[:3])
        return (
            f"{share:.0%} of the first {self.documents} documents don't look English ({kinds}; first: "
            f"{self.example!r}): the embedded model knows English only, so expect poor results there; "
            "offsets stay right; name a multilingual model with --model"
        )


def check_language(texts: Iterable[tuple[str, str]], first: int = 20) -> LanguageReport:
    """Check the first `first` (id, text) pairs; texts too short to tell count as English."""
    checked, guesses, example = 0, Counter[str](), None
    for name, text in islice(texts, first):
        checked += 1
        guess = _foreign(text)
        if guess:
            guesses[guess] += 1
            example = name if example is None else example
    return LanguageReport(checked, guesses.total(), tuple(guesses.most_common()), example)


def _foreign(text: str) -> str | None:
    """A guess of the language or script if the text doesn't look English, else None."""
    sample = text[:20000]
    counts = {name: len(pattern.findall(sample)) for name, pattern in _SCRIPT}
    script = max(counts, key=lambda name: counts[name])
    letters = sum(map(len, _WORD.findall(sample)))
    if letters >= 4 and counts["Latin"] < 0.5 * letters:
        return script if counts[script] >= 0.3 * letters else "another script"
    share = english_share(sample)
    if share is None or share >= ENGLISH:
        return None
    words = Counter(word.lower() for word in _WORD.findall(sample))
    known = {
        name: sum(words[word] for word in own.split() if word not in _SHARED) for name, own in _OTHER.items()
    }
    best = max(known, key=lambda name: known[name])
    if known[best] > 0.12 * words.total():
        return best
    return "another language" if words.total() >= 30 and share < ENGLISH / 2 else None
