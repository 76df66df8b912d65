"""Words as letters: each word becomes one character of a class, so that patterns run over words.

A pattern over classes reads `13 March 1963`, `March 13, 1963` and `March 13 , 1963` alike, whatever the
blanks, and one compiled expression reads a whole document.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

__all__ = ["name_classes", "number_classes"]

_UNITS = (
    "km kms kilometre kilometres kilometer kilometers metre metres meter meters m cm mm µm μm nm "
    "centimetre centimetres centimeter centimeters millimetre millimetres millimeter millimeters micron "
    "microns mile miles mi foot feet ft inch inches yard yards yd acre acres hectare hectares ha kg kgs "
    "kilogram kilograms gram grams g mg µg μg ng tonne tonnes ton tons lb lbs pound pounds ounce ounces "
    "oz litre litres liter liters l ml µl μl dl gallon gallons pint pints barrel barrels mph kmh kph "
    "knots hp kw mw gw kwh mwh gwh watt watts kilowatt kilowatts megawatt megawatts hz khz mhz ghz volt "
    "volts v kv gb mb kb tb byte bytes bits kbps mbps gbps degree degrees °c °f ° celsius fahrenheit kj "
    "cal kcal calories mmol mol nmol μm kda da bp kbp ppm iu mpa kpa pa psi rpm pixels"
)
_NUMBER_WORDS = {
    "M": "january february march april may june july august september october november december jan feb "
    "mar apr jun jul aug sep sept oct nov dec jan. feb. mar. apr. jun. jul. aug. sep. sept. oct. nov. dec.",
    "W": "monday tuesday wednesday thursday friday saturday sunday",
    "E": "spring summer autumn fall winter christmas easter ramadan",
    "U": "seconds minute minutes min hour hours hr hrs day days week weeks weekend month months year "
    "years decade decades century centuries millennium millennia season seasons night nights quarter "
    "quarters generations yr yrs",
    "Q": _UNITS,
    "X": "dollar dollars euro euros yen yuan rupee rupees franc francs cent cents usd eur gbp pence "
    "rubles pesos marks kronor kroner won shillings",
    "%": "% percent percentage ‰ pct",
    "$": "$ € £ ¥ ₹ us$ a$ c$ hk$ nz$ r$ rs rs. ₩ ₽",
    "S": "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety zero both",
    "H": "hundred thousand million billion trillion hundreds thousands millions billions trillions dozen "
    "dozens bn crore lakh",
    "F": "half halves thirds fourths fifths sixths eighths tenths",
    "o": "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth "
    "fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth twentieth last",
    "P": "early mid late later earlier",
    "B": "bc ad bce ce b.c. a.d. b.c.e. c.e. mya",
    "k": "a.m. p.m. am pm fm gmt utc est pst cet",
    "c": "c. ca. circa c",
    "t": "the",
    "a": "a an",
    "f": "of",
    "&": "and or",
    "T": "to until till through",
    "-": "- – — -- ‑ −",
    "/": "/",
    ",": ",",
    ":": ":",
    "A": "age aged",
    "l": "old",
    "p": "per",
    "u": "US HK NZ AU CA",
}
_NAME_WORDS = {
    "f": "of de la du da del della di do dos das des le les van von der den ten ter bin ibn al el y e i "
    "og et und el-din zu zum zur af av och na do d' l' de' lo san an am im os as st. née",
    "t": "the The THE",
    "&": "& and",
    "p": "for in on to at a an from with by into or as his her my your no not is are vs. vs v. v than over",
    "'": "'s ’s ' ’ n't n’t 'm 'll 're 've 'd",
    "-": "- – — ‑ / : ! + ·",
    ",": ",",
    "q": "\" “ ” `` '' « »",
    "(": "( [",
    ")": ") ]",
}
_STARTER_WORDS = (
    "a an in on at to for from by with of as into after before during since until while when where who "
    "what how why although though because if and but or so he she it they we you i his her its their our "
    "my your this that these those there here however also then thus both each many most some all other "
    "another such no not is are was were has have had do does did can could will would should may might "
    "must about between under over through according following despite among around against upon within "
    "without once only even later first"
)
_STARTERS = frozenset(_STARTER_WORDS.split())
_DECADE = re.compile(r"(?:[12]?\d?\d|')?\d?0s")
_ORDINAL = re.compile(r"\d+(?:st|nd|rd|th)", re.IGNORECASE)
_AMOUNT = re.compile(r"\d[\d.,]*(?:bn|m|k|million|billion)?", re.IGNORECASE)
_MEASURE = re.compile(rf"\d[\d.,]*(?:{'|'.join(sorted(_UNITS.split(), key=len, reverse=True))})")


def _table(groups: dict[str, str]) -> dict[str, str]:
    """word -> class character."""
    return {word: letter for letter, words in groups.items() for word in words.split()}


_NUMBERS, _NAMES = _table(_NUMBER_WORDS), _table(_NAME_WORDS)


def number_classes(tokens: Sequence[str]) -> str:
    """One class character a word for numbers and dates; "." for words that matter to none.

    D number from 1 to 31, Y from 1000 to 2199, N any other in digits, O ordinal (`19th`), C decade
    (`1990s`), R measure in one word (`5kg`); the others stand in the table above.
    """
    known = _NUMBERS.get
    return "".join(
        _digits(token) if token[0].isdigit() else known(token, "") or known(token.lower(), ".")
        for token in tokens
    )


def _digits(token: str) -> str:
    """The class of a word that begins with a digit."""
    if token.isdecimal() and token.isascii():
        if len(token) <= 2:
            return "D" if 1 <= int(token) <= 31 else "N"
        return "Y" if len(token) == 4 and 1000 <= int(token) <= 2199 else "N"
    if _ORDINAL.fullmatch(token):
        return "O"
    if _DECADE.fullmatch(token):
        return "C"
    if _AMOUNT.fullmatch(token):
        return "N"
    return "R" if _MEASURE.fullmatch(token) else "."


def name_classes(tokens: Sequence[str], sentences: Sequence[tuple[int, int]]) -> str:
    """One class character a word for names: c with a capital, N digits, "." none; connectors as in the table.

    A script without capitals counts as c. The first word of a sentence (a range of words) that is an
    English function word counts as if it were written small.
    """
    known = _NAMES.get
    classes = [
        known(token, "c") if token[0].isupper() else known(token, "") or _name_class(token)
        for token in tokens
    ]
    for first, _ in sentences:
        word = tokens[first].lower()
        if word in _STARTERS:
            classes[first] = known(word, ".")
    return "".join(classes)


def _name_class(token: str) -> str:
    """The class of a word that neither begins with a capital nor connects."""
    first = token[0]
    if first.isdigit():
        mixed = any(char.isalpha() for char in token)
        return "c" if mixed and not (_ORDINAL.fullmatch(token) or _DECADE.fullmatch(token)) else "N"
    if first.isalpha() and not first.islower():
        return "c"
    return "c" if any(char.isupper() for char in token) or ("." in token and len(token) > 4) else "."
