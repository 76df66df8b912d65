import json

import pytest
from silver_toy import LABELS, corpus

from silversmith.core import Span
from silversmith.silver import noise_statistics

GOLD = corpus(25, mean=12)


@pytest.fixture(scope="module")
def found():
    silver = {one.id: [Span(s.start, s.end, s.label, 0.5) for s in one.spans[::2]] for one in GOLD}
    return noise_statistics(GOLD, LABELS, silver)


def test_tables_have_the_papers_shape(found):
    titles = list(found.tables)
    assert [title[-3:].strip(" e)") for title in titles] == ["7", "8", "9", "10", "11"]
    noisy = titles[2:]
    assert all(
        list(found.tables[title]) == ["10%", "20%", "30%", "40%", "50%", "60%", "70%"] for title in noisy
    )
    assert list(found.rows) == [
        "gold", "silver", "gold low_recall 50%", "gold low_precision 50%", "gold jitter 50%"
    ]  # fmt: skip


def test_counts_follow_from_one_another(found):
    jitter, low_precision, low_recall = (found.tables[title] for title in list(found.tables)[2:])
    gold = found.tables["Gold and its shares (Table 7)"]["gold"]
    for rate, column in jitter.items():
        hit = found.hit_shares()["low_recall"][rate] * gold.total()
        assert column == gold
        assert low_recall[rate].total() == pytest.approx(gold.total() - hit)
        assert low_precision[rate].total() == pytest.approx(gold.total() + hit)


def test_rows_of_table_2(found):
    rows = {name: row.to_json() for name, row in found.rows.items()}
    low_recall, low_precision = rows["gold low_recall 50%"], rows["gold low_precision 50%"]
    assert (low_recall["fp"], low_precision["fn"]) == (0, 0)
    assert low_recall["fn"] == low_precision["fp"] == rows["gold"]["entities"] - low_recall["entities"]
    jitter = rows["gold jitter 50%"]
    assert jitter["fp"] == jitter["fn"]
    assert rows["gold"]["density"] == rows["gold"]["entities"] / 25
    share = low_recall["entities"] / rows["gold"]["entities"]
    assert low_recall["micro"]["f1"] == pytest.approx(2 * share / (1 + share))


def test_silver_is_filtered_by_confidence_and_replaced_by_gold(found):
    table = {name: count.total() for name, count in found.tables[list(found.tables)[1]].items()}
    assert table["silver"] == table["silver 0.45"] > 0
    assert table["silver 0.65"] == 0
    shares = found.tables["Gold and its shares (Table 7)"]
    assert table["silver 0.65 + gold 30%"] == shares["gold 30%"].total()


def test_markdown_and_json(found):
    text = found.to_markdown()
    assert text.count("\n## ") == 6
    assert "Table 11" in text
    assert json.loads(json.dumps(found.to_json()))["table2"]["gold"]["documents"] == 25
    assert "Table 8" not in noise_statistics(GOLD[:2], LABELS).to_markdown()
