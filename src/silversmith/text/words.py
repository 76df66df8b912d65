"""Words of a text by rule, with exact character offsets, for every script.

Rules, in order: addresses of the web and mail stay whole; dotted abbreviations (`U.S.`, `Dr.`) and
initials keep their dot; English clitics are words of their own, as in Universal Dependencies (`do n't`,
`Anna 's`); a run of letters, digits and marks is a word, with dots and commas between digits (`3,000.5`)
and apostrophes between letters (`O'Brien`); hyphens and all other signs are words of one sign. Scripts
written without blanks (Chinese, Japanese, Thai, Lao, Khmer, Burmese) give one word a character, with its
marks. Blanks and control characters belong to no word.
"""

from __future__ import annotations

import re
import unicodedata

__all__ = ["split_words"]

_TITLES = (  # written with a dot
    "Adm Apr Aug Ave Bldg Blvd Brig Bros Capt Cmdr Co Col Corp Dec Dept Dr Drs Feb Fr Ft Gen Gov Hon Inc Jan "
    "Jr Jul Jun Lt Ltd Maj Mar Messrs Mlle Mme Mr Mrs Ms Mt Mts Nov Oct Ph Pres Prof Pvt Rd Rep Reps Rev Sec "
    "Sen Sens Sep Sept Sgt Sr St Ste Supt Univ "
    "approx bros cf dept ed eds est etc inc jr ltd sr univ viz vs"
)
_BEFORE_NUMBER = "No Nos Nr Fig Figs Vol Vols Art Sec pp p no nos fig figs vol vols ca c"


def _marks() -> str:
    """The combining marks as the inside of a character class (`\\w` leaves them out)."""
    blocks = [(0x300, 0x3100), (0xA660, 0xAC00), (0xFB1E, 0xFB1F), (0xFE00, 0xFE30), (0x10A00, 0x11F00)]
    found = [
        code
        for first, last in blocks
        for code in range(first, last)
        if unicodedata.category(chr(code)).startswith("M")
    ]
    parts, begin = [], 0
    for place, code in enumerate(found):
        if place + 1 == len(found) or found[place + 1] != code + 1:
            parts.append(f"{chr(found[begin])}-{chr(code)}")
            begin = place + 1
    return "".join(parts) + "\U0001f3fb-\U0001f3ff"  # skin tones behave as marks of an emoji


_MARK = f"[{_marks()}]"
_SINGLE = (  # letters of the scripts that put no blanks between words
    "\u0e01-\u0e30\u0e32\u0e33\u0e40-\u0e46\u0e81-\u0eb0\u0eb2\u0eb3\u0ebd-\u0ec6\u0edc-\u0edf"
    "\u1000-\u102a\u103f\u1050-\u1055\u1780-\u17b3\u17d7\u17dc\u3005-\u3007\u3041-\u3096\u309d-\u309f"
    "\u30a1-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff"
)
_UNSEEN = "\x00-\x1f\x7f-\x9f\u00ad\u200b-\u200f\u2028-\u202f\u2060-\u206f\ufeff"
_CLITIC = r"['’](?i:s|re|ve|ll|d|m)(?!\w)"
_RUN = f"(?:[^\\W{_SINGLE}](?:{_MARK}|[\u00ad\u200c\u200d])*)+"
_SIGN = rf"[^\w\s{_UNSEEN}]"
_WORD = re.compile(
    r"(?:https?://|www\.)[^\s<>\"']*[\w/]"
    r"|[\w.+-]{1,64}@[\w-]{1,64}(?:\.[\w-]{2,64})+"
    r"|[A-Za-z0-9][A-Za-z0-9-]*\.(?:com|org|net|edu|gov|info|io|co\.uk)(?!\w)"
    r"|(?:[A-Za-z]\.){2,}"
    r"|[A-Z]\.(?=\s?(?:[A-Z]\.|[A-Z][a-z]))"
    rf"|(?:{'|'.join(_TITLES.split())})\."
    rf"|(?:{'|'.join(_BEFORE_NUMBER.split())})\.(?=\s?\d)"
    r"|(?i:[a-z]{1,12}?(?=n['’]t(?!\w))|n['’]t(?!\w))"
    rf"|{_CLITIC}"
    rf"|\d+(?:[.,]\d+)+(?:{_RUN})?"
    rf"|{_RUN}(?:(?!{_CLITIC})['’]{_RUN})*"
    rf"|[{_SINGLE}]{_MARK}*"
    r"|\.{2,}|-{2,}|'{2}|`{2}"
    rf"|{_SIGN}{_MARK}*(?:\u200d{_SIGN}{_MARK}*)*"
)


def split_words(text: str) -> list[tuple[int, int]]:
    """Character ranges [start, end) of the words: sorted, disjoint, never empty, without blanks."""
    return [match.span() for match in _WORD.finditer(text)]
