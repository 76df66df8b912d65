"""A tiny random masked language model, the same on every machine, made in code: for tests of mining."""

import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

from silversmith.models.masked import MaskedModel
from silversmith.models.masked_net import MaskedConfig, MaskedNet, NetReader
from silversmith.models.masked_open import ShownPieces
from silversmith.models.pieces import Frame

SENTENCE = "the person met people in a big city and said the name of an international club on the bank"
MORE = "is was at to by with for from place team won visited plays new old small red united river"
WORDS = [*dict.fromkeys(SENTENCE.split()), *MORE.split()]
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
LETTERS = [chr(code) for code in range(33, 127) if not chr(code).isupper()]
VOCABULARY = [*SPECIAL, *dict.fromkeys([*WORDS, *LETTERS, *(f"##{one}" for one in LETTERS if one.isalnum())])]


def tiny_tokenizer():
    """Lower-cased word pieces: some words, every letter."""
    pieces = {piece: number for number, piece in enumerate(VOCABULARY)}
    tokenizer = Tokenizer(models.WordPiece(pieces, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.add_special_tokens(SPECIAL)
    return tokenizer


def tiny_net(seed=0, blocks=2, width=16):
    """Random weights, large enough that the context changes the distribution."""
    config = MaskedConfig(len(VOCABULARY), width, heads=2, inner=32, blocks=blocks, positions=128)
    net = MaskedNet(config)
    generator = torch.Generator().manual_seed(seed)
    for name, parameter in net.named_parameters():
        spread = 1.0 if name.startswith(("words", "places")) else 0.4
        with torch.no_grad():
            parameter.copy_(torch.randn(parameter.shape, generator=generator) * spread)
    return net.eval().requires_grad_(False)


def tiny_masked(seed=0, **shape):
    """The model: context 128 pieces, frame [CLS] and [SEP], about 140 pieces in the vocabulary."""
    tokenizer = tiny_tokenizer()
    return MaskedModel(
        "tiny",
        NetReader(tiny_net(seed, **shape)),
        ShownPieces(tokenizer),
        Frame((2,), (3,)),
        mask_id=4,
        context=128,
        source={"seed": seed},
    )
