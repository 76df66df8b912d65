"""The nasty corpus: texts that break offsets, tokenizers and memory; every source must survive them."""

from __future__ import annotations

from silversmith.core.document import Document

__all__ = ["NASTY", "nasty_documents"]

NASTY: dict[str, str] = {
    "empty": "",
    "blank": "   ",
    "newlines": "\n\r\n\n\t\n",
    "one-character": "I",
    "full-stop": ".",
    "crlf": "Ada Lovelace lived\r\nin London.\r\n\r\nShe wrote to Mary Somerville.\r\n",
    "tabs": "Ada\tLovelace\t\tLondon\t1843",
    "edges": "  \n Ada Lovelace met Charles Babbage in London.  \t ",
    "bom": "\ufeffAda Lovelace lived in London.",
    "control": "Ada\x00 Love\x07lace\x1b[31m lived\x0b in\x0c Lon\x7fdon\x85.",
    "separators": "Ada Lovelace\u2028London\u2029Paris\u00a0in\u202f1843\u3000.",
    "zero-width": "Ada\u200b Love\u200dlace\u2060 li\u00adved in Lon\u200cdon.",
    "emoji": "Ada \U0001f469\U0001f3fd\u200d\U0001f52c flew \U0001f1ec\U0001f1e7 to Tokyo \U0001f389.",
    "non-bmp": "𐌰𐌳𐌰 met 𝓐𝓭𝓪 𝐋𝐨𝐯𝐞𝐥𝐚𝐜𝐞 in 𠮷野家 near 𝕻aris.",
    "decomposed": "Ju\u0308rgen Mu\u0308ller met Jose\u0301 in Mu\u0308nchen; Z\u0351\u036ba",
    "case-changes-length": "İstanbul and DİYARBAKIR, the STRAẞE in GROẞENHAIN, the ﬁrst ﬂat, ŉ and ǰ.",
    "right-to-left": "سافرت آدا لوفليس إلى لندن عام 1843، וצ'רלס בבג' נשאר בקיימברידג'.",
    "direction-marks": "\u202eAda\u202c met \u2067Babbage\u2069 in \u200eLondon\u200f.",
    "no-blanks": "艾达·洛夫莱斯于1843年在伦敦与查尔斯·巴贝奇合作。東京でチャールズに会った。",
    "thai": "เอดา เลิฟเลซ อาศัยอยู่ในลอนดอน",
    "german": "Ada Lovelace wohnte in London und schrieb an Mary Somerville über die Analytical Engine.",
    "special-tokens": "<s> Ada </s> [CLS] met [SEP] Babbage [MASK] <pad> in <unk> London <mask>",
    "mark-up": '<p>Ada &amp; "Babbage"</p><script>alert(1)</script> {"id": 1} [Ada|PER] {{x}} %s',
    "quotes": "“Ada” ‘met’ «Babbage» „in“ London's O'Connell—or d'Arc’s—house…",
    "punctuation": "!?!?...,,,;;;:::---___***///\\\\\\|||@@@###",
    "numbers": "1 2,000 3.5% $4m -5e10 6/7/1888 ½ Ⅷ ٣٤ 1'000 0x1F +44 20 7946 0000 " + "7" * 400,
    "address": "Write to ada@example.org or see https://example.org/a?b=c&d=%20#London.",
    "capitals": "ADA LOVELACE OF LONDON MET CHARLES BABBAGE AT THE ROYAL SOCIETY.",
    "lower-case": "ada lovelace of london met charles babbage at the royal society.",
    "repeats": "Ada " * 300,
    "long-sentence": "Ada of London and " * 200 + "Babbage.",
    "private-use": "Ada \ue000\uf8ff met \ufffd\ufffe Babbage.",
    "label": "O B-PER I-PER NUM",
}
"""Name -> text."""

LONG_WORD = 100_000
WORDS = "Ada Lovelace of the Royal Society met Charles Babbage in London on 5 June 1833 and paid 12 pounds ."


def nasty_documents(*, huge_words: int = 3_000) -> list[Document]:
    """The corpus as documents; last come a word of 100,000 characters and a text of `huge_words` words."""
    documents = [Document(f"nasty-{name}", text) for name, text in NASTY.items()]
    documents.append(Document("nasty-long-word", "Ada met " + "x" * LONG_WORD + " in London."))
    words = WORDS.split()
    huge = " ".join(words[number % len(words)] for number in range(huge_words))
    return [*documents, Document("nasty-huge", huge)]
