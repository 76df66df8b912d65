"""Sentences, windows, templates, examples and options, and what they refuse."""

import pytest
from example_toy import make_schema, options
from hypothesis import given

from silversmith.core import ConfigError, Document, Schema
from silversmith.sources.example.mining import merge_examples
from silversmith.sources.example.options import ExampleOptions, make_example_options
from silversmith.sources.example.seeds import make_seeds
from silversmith.sources.example.sentences import sentences_of
from silversmith.sources.example.template import display_name, make_template
from silversmith.sources.example.windows import default_stop_words, windows_of
from silversmith.testing.strategies import documents


@given(documents())
def test_words_keep_their_places(document):
    for spaced in (False, True):
        for sentence in sentences_of(document, 0, spaced=spaced):
            for (start, end), (low, high) in zip(sentence.words, sentence.places, strict=True):
                assert sentence.text[start:end] == document.text[low:high]


def test_text_is_kept_or_spaced():
    document = Document("d", "Ada's bank,\nin   Oslo.")
    assert [one.text for one in sentences_of(document, 0)] == ["Ada's bank,", "in Oslo."]
    assert sentences_of(document, 0, spaced=True)[0].text == "Ada 's bank ,"


def test_own_words_and_sentences_are_used():
    document = Document("d", "Ada met Bob", words=((0, 3), (8, 11)), sentences=((0, 3), (4, 11)))
    assert [one.text for one in sentences_of(document, 0)] == ["Ada", "Bob"]


def test_windows_are_the_codes(model):
    (sentence,) = sentences_of(Document("d", "Ada Lovelace met the 2 Bobs here"), 0)
    found = [one.text for one in windows_of(sentence, ExampleOptions())]
    assert found == ["Ada Lovelace met", "Ada Lovelace", "Lovelace met", "Ada", "Lovelace", "met", "Bobs"]
    assert "2 Bobs" in [one.text for one in windows_of(sentence, options(skip_digits=False))]
    assert "the" in [one.text for one in windows_of(sentence, options(stop_words=()))]


def test_the_stop_list_is_fixed():
    assert len(default_stop_words()) == 179 + 18


def test_names_are_shown_as_words():
    assert display_name("Restaurant_Name") == "restaurant name"
    assert display_name("PER") == "person"
    assert display_name("creative-work") == "creative work"


def test_a_capital_x_in_a_name_stays():
    assert make_template("The {name} name: {span}", "Xbox_game").fill("Halo")[0] == "The xbox game name: Halo"


@pytest.mark.parametrize("wording", ["The {name} name: X", "{span} and {span}", ""])
def test_a_template_needs_one_placeholder(wording, model):
    with pytest.raises(ConfigError, match="X010"):
        make_seeds(make_schema(), options(template=wording), model)


def test_a_template_needs_a_word(model):
    with pytest.raises(ConfigError, match="X011"):
        make_seeds(make_schema(), options(template=" {span} "), model)


def test_a_causal_template_needs_a_word_after_the_span(causal):
    with pytest.raises(ConfigError, match="X011"):
        make_seeds(make_schema(), options(template="The {name}: {span}"), causal)


def test_a_description_with_a_placeholder_is_a_template(model):
    schema = Schema.model_validate(
        {"types": [{"name": "PER", "examples": ["Bob"], "description": "{span} said"}]}
    )
    assert make_seeds(schema, options(), model).templates[0].after == " said"


@pytest.mark.parametrize(
    ("example", "code"),
    [("{span}", "X013"), ("  ", "X014"), ("\ue000", "X014"), ("Bob \U0001f600", "X014"), ("b" * 300, "X014")],
)
def test_examples_that_can_not_be_tested_are_refused(model, example, code):
    schema = Schema.model_validate({"types": [{"name": "PER", "examples": [example]}]})
    with pytest.raises(ConfigError, match=code):
        make_seeds(schema, options(), model)


def test_a_type_needs_an_example(model):
    with pytest.raises(ConfigError, match=r"X012.*LOC"):
        make_seeds(
            Schema.model_validate({"types": [{"name": "PER", "examples": ["Bob"]}, {"name": "LOC"}]}),
            options(),
            model,
        )


def test_an_example_is_no_counter_example(model):
    with pytest.raises(ConfigError, match="X015"):
        make_seeds(make_schema(counter_examples=("Ada  Lovelace",)), options(), model)


def test_options_name_the_nearest_key():
    with pytest.raises(ConfigError, match=r"X001.*temperature"):
        make_example_options(temprature=1)
    with pytest.raises(ConfigError, match="X002"):
        make_example_options(temperature=0)


def test_examples_of_the_command_line_join_the_schema():
    schema = merge_examples(make_schema(), ["PER=Bob", "ORG=Red Bank"], ["ORG=river"])
    assert schema.names == ("PER", "LOC", "ORG")
    assert schema.types[0].examples == ("Ada Lovelace", "Bob")
    assert schema.types[2].counter_examples == ("river",)
    with pytest.raises(ConfigError, match="X016"):
        merge_examples(make_schema(), ["Bob"])
