"""Tiny random language models of each family, and tokenizers, made in code."""

import torch
import transformers
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers

TEXTS = [
    "Fever and headache are symptoms of influenza.",
    "",
    "Zoë met 東京 guests 🙂 twice, <bos> and <end>.",
    "A  long\tlist: " + "one two three four five six seven eight nine ten " * 9,
    "x",
]
SIZES = {
    "hidden_size": 32,
    "num_attention_heads": 4,
    "num_hidden_layers": 4,
    "vocab_size": 300,
    "intermediate_size": 48,
}
SIZES |= {"bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 0}
GROUPED = {"num_key_value_heads": 2, "head_dim": 8}
CONFIGS = {
    "llama": lambda: transformers.LlamaConfig(**SIZES, num_key_value_heads=2),
    "gemma2": lambda: transformers.Gemma2Config(**SIZES, **GROUPED),
    "gemma3": lambda: transformers.Gemma3TextConfig(**{**SIZES, "num_hidden_layers": 7}, **GROUPED),
    "qwen3": lambda: transformers.Qwen3Config(**SIZES, **GROUPED),
    "gpt2": lambda: transformers.GPT2Config(
        n_embd=32, n_head=4, n_layer=4, vocab_size=300, bos_token_id=1, eos_token_id=2, pad_token_id=0
    ),
    "gpt_neox": lambda: transformers.GPTNeoXConfig(**SIZES),
    "bert": lambda: transformers.BertConfig(**SIZES),
    "mpnet": lambda: transformers.MPNetConfig(**{**SIZES, "pad_token_id": 1}),
}
ENCODERS = {"bert", "mpnet"}


def make_tokenizer(kind="plain"):
    """A byte-level tokenizer of a line. plain: adds nothing (GPT-2); bos: a BOS; framed: BERT's frame."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    special = ["<pad>", "<bos>", "<end>", "<turn>"]
    trainer = trainers.BpeTrainer(
        vocab_size=299,
        special_tokens=special,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(["the headache and the fever of one two three"] * 4, trainer)
    if kind == "bos":
        tokenizer.post_processor = processors.TemplateProcessing(
            single="<bos> $A", special_tokens=[("<bos>", 1)]
        )
    if kind == "framed":
        tokenizer.post_processor = processors.TemplateProcessing(
            single="<bos> $A <end>", special_tokens=[("<bos>", 1), ("<end>", 2)]
        )
    fast = transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="<pad>", bos_token="<bos>", eos_token="<end>"
    )
    if kind == "chat":
        fast.chat_template = (
            "{{ bos_token }}{% for m in messages %}<turn>user\n{{ m['content'] }}<end>\n{% endfor %}"
        )
    return fast


def make_model(kind):
    torch.manual_seed(sum(map(ord, kind)))
    auto = transformers.AutoModelForMaskedLM if kind in ENCODERS else transformers.AutoModelForCausalLM
    model = auto.from_config(CONFIGS[kind]()).eval().requires_grad_(False)
    for parameter in model.parameters():
        if parameter.ndim == 1:  # so that norms are not the identity
            torch.nn.init.normal_(parameter, std=0.3)
    return model


def tokenizer_for(kind):
    return make_tokenizer({"gpt2": "plain", "bert": "framed", "mpnet": "framed"}.get(kind, "bos"))


def save_quietly(action):
    transformers.utils.logging.disable_progress_bar()
    transformers.utils.logging.set_verbosity_error()
    action()
