"""What was decided, taken out: the reviewed set, the answers, terms that are right or wrong."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

from silversmith.core import Document, Span
from silversmith.workbench.store import Decision, Store
from silversmith.workbench.tables import SOURCE, Case, apart, case_of, document_of

__all__ = ["answers", "reviewed", "terms"]


def reviewed(store: Store) -> Iterator[Document]:
    """The silver set with the decisions in it: accepted and changed spans are certain, rejected ones gone."""
    decided = {
        row[0]: row[1:]
        for row in store.rows(
            "select span, action, label, start, stop from decision where undone = 0 order by number"
        )
    }
    spans: dict[int, list[Span]] = {}
    for row in store.rows("select number, document, start, stop, label, score from span"):
        action, label, start, stop = decided.get(row[0], ("", None, None, None))
        if action == "reject":
            continue
        one = Span(row[2], row[3], row[4], row[5])
        if action:
            start, stop = row[2] if start is None else start, row[3] if stop is None else stop
            one = Span(start, stop, label or row[4], 1.0, SOURCE)
        spans.setdefault(row[1], []).append(one)
    for number, record in store.rows("select number, record from document order by number"):
        document = document_of(json.loads(record))
        meta = {key: value for key, value in document.meta.items() if key != "votes"}
        yield replace(document, spans=tuple(apart(spans.get(number, []))), meta=meta)


def answers(store: Store) -> Iterator[tuple[Case, Decision]]:
    """What was decided, in order."""
    for row in store.rows(
        "select s.*, d.action, d.label, d.start, d.stop from span s join decision d on d.span = s.number "
        "where d.undone = 0 order by d.number"
    ):
        yield case_of(row[:9], 1), Decision(row[0], *row[9:])


def terms(store: Store) -> Iterator[tuple[str, str, bool]]:
    """(form as written, type, whether it was right) of what was decided: entries and counter-examples."""
    seen = set()
    for case, decision in answers(store):
        text = store.document(case.document).text
        if decision.action == "reject":
            found = (text[case.start : case.end], case.label, False)
        else:
            start = case.start if decision.start is None else decision.start
            end = case.end if decision.end is None else decision.end
            found = (text[start:end], decision.label or case.label, True)
        if found not in seen:
            seen.add(found)
            yield found
