"""Other taggers, timed in their own environment; benchmarks/tag.py talks to this file by JSON lines.

    PYTHON benchmarks/other_taggers.py gliner|spacy THREADS TOKENIZER_JSON

gliner: the small size (DeBERTa-v3-small: 6 blocks of width 768, 128,100 pieces; spans of 12 words; hidden
512) with random weights and six types. Its own tokenizer isn't needed for speed: any word-piece tokenizer
of about the same length does.
"""

import json
import sys
import tempfile
import time
from pathlib import Path

TYPES = ["person", "location", "organization", "date", "number", "miscellaneous"]
ENCODER = {
    "model_type": "deberta-v2", "hidden_size": 768, "num_hidden_layers": 6, "num_attention_heads": 12,
    "intermediate_size": 3072, "vocab_size": 128100, "max_position_embeddings": 512, "type_vocab_size": 0,
    "relative_attention": True, "position_buckets": 256, "norm_rel_ebd": "layer_norm", "share_att_key": True,
    "pos_att_type": ["p2c", "c2p"], "max_relative_positions": -1, "position_biased_input": False,
    "layer_norm_eps": 1e-7, "hidden_act": "gelu", "pad_token_id": 0,
}  # fmt: skip
SMALL = {
    "model_name": "small", "name": "span level gliner", "max_width": 12, "hidden_size": 512, "dropout": 0.4,
    "fine_tune": True, "subtoken_pooling": "first", "span_mode": "markerV0", "max_types": 25, "max_len": 384,
    "num_rnn_layers": 1, "ent_token": "<<ENT>>", "sep_token": "<<SEP>>", "words_splitter_type": "whitespace",
    "class_token_index": -1, "vocab_size": -1, "encoder_config": ENCODER,
}  # fmt: skip


def gliner(threads, tokenizer):
    """GLiNER small with random weights, as a function of texts."""
    import torch
    from gliner import GLiNER
    from transformers import PreTrainedTokenizerFast

    torch.set_num_threads(threads)
    marks = json.loads(Path(tokenizer).read_text(encoding="utf-8"))["added_tokens"]
    names = [one["content"] for one in marks]
    pad = next(name for name in ("[PAD]", "<pad>") if name in names)
    start, end = ("[CLS]", "[SEP]") if "[CLS]" in names else ("<s>", "</s>")
    with tempfile.TemporaryDirectory() as room:
        fast = PreTrainedTokenizerFast(
            tokenizer_file=str(tokenizer), pad_token=pad, cls_token=start, sep_token=end
        )
        fast.save_pretrained(room)
        config = {**SMALL, "model_name": room}
        model = GLiNER.from_config(config, backbone_from_pretrained=False)
        model.eval()

    def run(texts):
        model.inference(texts, TYPES, batch_size=len(texts), threshold=0.5)

    return run


def spacy_small(threads, tokenizer):
    """en_core_web_sm, only what entities need."""
    import spacy as library

    nlp = library.load(
        "en_core_web_sm", exclude=["tagger", "parser", "attribute_ruler", "lemmatizer", "senter"]
    )
    return lambda texts: list(nlp.pipe(texts, batch_size=len(texts)))


def main():
    """Answer requests until stdin ends."""
    name, threads, tokenizer = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    run = {"gliner": gliner, "spacy": spacy_small}[name](threads, tokenizer)
    for line in sys.stdin:
        request = json.loads(line)
        texts, size = request["texts"], request["size"]
        begin = time.perf_counter()
        for first in range(0, len(texts), size):
            run(texts[first : first + size])
        sys.stdout.write(json.dumps({"seconds": time.perf_counter() - begin}) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
