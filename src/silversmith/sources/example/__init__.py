"""X-NER: typed spans from one example a type, by what a language model expects beside them."""

from silversmith.sources.example.mining import Mining, merge_examples
from silversmith.sources.example.opening import is_mining, load_masked, open_example
from silversmith.sources.example.options import ExampleOptions, make_example_options
from silversmith.sources.example.run import mine
from silversmith.sources.example.silver import silver_sentences
from silversmith.sources.example.source import Example

__all__ = [
    "Example",
    "ExampleOptions",
    "Mining",
    "is_mining",
    "load_masked",
    "make_example_options",
    "merge_examples",
    "mine",
    "open_example",
    "silver_sentences",
]
