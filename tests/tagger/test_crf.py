"""The CRF on hand-made features: learns, needs no crfsuite to tag, agrees with crfsuite's own decoding."""

import subprocess
import sys

import pytest
from tiny_tagger import folder_bytes, tiny_documents

from silversmith.core import DataError
from silversmith.evaluation import evaluate
from silversmith.tagger.crf import CrfTagger, train_crf
from silversmith.tagger.options import make_train_options
from silversmith.tagger.word_features import word_features

pytest.importorskip("pycrfsuite")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    out = tmp_path_factory.mktemp("crf") / "out"
    train_crf(tiny_documents(60), out, make_train_options(steps=60))
    return out


def test_it_learns_and_is_sure(folder):
    gold = tiny_documents(30, seed=4)
    tagger = CrfTagger.open(folder)
    assert evaluate(gold, tagger.tag(gold)).micro.f1 > 0.97
    assert all(vote.probability > 0.5 for votes in tagger.label(gold) for vote in votes)


def test_tagging_needs_neither_crfsuite_nor_torch(folder, tmp_path):
    code = (
        "import sys; sys.modules['torch'] = sys.modules['pycrfsuite'] = sys.modules['transformers'] = None\n"
        "from silversmith.core import Document\nfrom silversmith.tagger.opening import open_tagger\n"
        f"print(list(open_tagger({str(folder)!r}).tag([Document('a', 'Ada left San Remo.')]))[0].spans)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "PER" in done.stdout


def test_the_same_documents_give_the_same_bytes(folder, tmp_path):
    train_crf(tiny_documents(60), tmp_path / "again", make_train_options(steps=60))
    assert folder_bytes(tmp_path / "again") == folder_bytes(folder)


def test_bad_documents_are_refused(tmp_path):
    with pytest.raises(DataError, match="K021"):
        train_crf([one.with_spans(()) for one in tiny_documents(3)], tmp_path / "x", make_train_options())


def test_features_of_a_word_and_its_neighbours():
    text = "Ada-Lou left Bern"
    words = [(0, 7), (8, 12), (13, 17)]
    first, middle, _ = word_features(text, words)
    assert {"w=ada-lou", "shape=Xx+-Xx+", "joined", "end3=lou", "-1|edge", "+1|w=left"} <= set(first)
    assert {"-1|w=ada-lou", "+1|shape=Xx+", "pair|w=left|w=bern"} <= set(middle)
