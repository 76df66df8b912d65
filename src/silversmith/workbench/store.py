"""Store: the spans of a silver set and what people decided about them, in one SQLite file.

Write-ahead logging: a decision is on disk before the answer goes out, whatever is killed then. Decisions are
only ever added; undoing marks one as undone. Several processes and people may use a file at once.
"""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from silversmith.core import ConfigError, DataError, Document
from silversmith.workbench.estimates import precision
from silversmith.workbench.tables import (
    SCHEMA,
    VERSION,
    Case,
    case_of,
    checksum_of,
    document_of,
    fill,
)

__all__ = ["Case", "Decision", "Progress", "Store"]

HELD = 120.0
"""Seconds for which a span that one person looks at is not shown to another."""
UNDECIDED = "not exists (select 1 from decision d where d.span = s.number and d.undone = 0)"


@dataclass(frozen=True, slots=True)
class Decision:
    """action: accept, reject or change (label, start, end: what it is then)."""

    span: int
    action: str
    label: str | None = None
    start: int | None = None
    end: int | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """spans in all, decided ones by action; estimated precision of the set as it came, and as it is now."""

    spans: int
    accepted: int
    rejected: int
    changed: int
    before: float
    now: float

    @property
    def decided(self) -> int:
        """Spans that were decided."""
        return self.accepted + self.rejected + self.changed


class Store:
    """An open file. One connection a thread."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._local = threading.local()

    @classmethod
    def create(cls, path: Path | str, documents: Iterable[Document]) -> Store:
        """A new file from a silver set, or the file at `path` if it was made from the same set.

        Raises ConfigError B001: it was made from another set, B002: by a newer version; DataError B003: no
        span.
        """
        path = Path(path)
        listed = list(documents)
        mark = checksum_of(listed)
        if path.exists():
            store = cls.open(path)
            if store.mark != mark:
                raise ConfigError(
                    "B001",
                    "its decisions are about another silver set",
                    path=path,
                    remedy="name another --db, or give the set it was made from",
                )
            return store
        if not any(one.spans for one in listed):
            raise DataError("B003", "no span to review", remedy="label the documents first")
        aside = path.with_name(f".{path.name}.new")
        aside.unlink(missing_ok=True)
        path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(aside)
        with connection:
            connection.executescript(SCHEMA)
            fill(connection, listed, mark)
        connection.execute("pragma journal_mode = wal")
        connection.close()
        aside.replace(path)
        return cls.open(path)

    @classmethod
    def open(cls, path: Path | str) -> Store:
        """An existing file. Raises ConfigError B002: no such file, or one of a newer version."""
        store = cls(Path(path))
        try:
            version = int(store._value("version"))
        except (sqlite3.Error, TypeError, ValueError) as error:
            raise ConfigError("B002", f"no review of ours: {error}", path=path) from None
        if version > VERSION:
            raise ConfigError(
                "B002", f"written by a newer silversmith (version {version})", path=path, remedy="update it"
            )
        return store

    @property
    def mark(self) -> str:
        """Checksum of the silver set."""
        return str(self._value("mark"))

    @property
    def labels(self) -> tuple[str, ...]:
        """All labels that may be given."""
        return tuple(json.loads(self._value("labels")))

    def next(self, who: str, *, after: int | None = None) -> Case | None:
        """The least certain undecided span that nobody else looks at; it is held for `who`. None: all done.

        after: a span that was skipped: the next one behind it.
        """
        now = time.time()
        with self._writing() as db:
            db.execute("delete from hold where until < ? or who = ?", (now, who))
            row = None
            if after is not None:
                place = db.execute("select certainty from span where number = ?", (after,)).fetchone()
                if place is not None:
                    row = db.execute(
                        f"select s.* from span s where {UNDECIDED} and (s.certainty, s.number) > (?, ?) and "
                        "s.number not in (select span from hold) order by s.certainty, s.number limit 1",
                        (place[0], after),
                    ).fetchone()
            if row is None:
                row = db.execute(
                    f"select s.* from span s where {UNDECIDED} and s.number not in (select span from hold) "
                    "order by s.certainty, s.number limit 1"
                ).fetchone()
            if row is None:
                return None
            db.execute("insert into hold values (?, ?, ?)", (row[0], who, now + HELD))
        return self._case(row)

    def case(self, number: int) -> Case:
        """A span by number. Raises DataError B010: there is none."""
        row = self._db.execute("select * from span where number = ?", (number,)).fetchone()
        if row is None:
            raise DataError("B010", f"there is no span {number}")
        return self._case(row)

    def similar(self, number: int) -> list[Case]:
        """Undecided spans of the same form and label, in text order, the span itself among them."""
        one = self.case(number)
        rows = self._db.execute(
            f"select s.* from span s where s.form = ? and s.label = ? and {UNDECIDED} order by s.number",
            (one.form, one.label),
        ).fetchall()
        return [case_of(row, 1) for row in rows]

    def decide(self, decisions: Sequence[Decision], who: str) -> int:
        """Note decisions, all or none, as one step to undo; its number.

        Raises DataError B010 no such span, B011 an action or a label that isn't one, B012 a place outside the
        text or a span that is decided already.
        """
        with self._writing() as db:
            batch = int(db.execute("select coalesce(max(batch), 0) + 1 from decision").fetchone()[0])
            for one in decisions:
                self._check(one, db)
                db.execute(
                    "insert into decision (at, who, span, action, label, start, stop, batch) "
                    "values (?,?,?,?,?,?,?,?)",
                    (time.time(), who, one.span, one.action, one.label, one.start, one.end, batch),
                )
                db.execute("delete from hold where span = ?", (one.span,))
        return batch

    def undo(self, who: str) -> list[int]:
        """Take back the last step of a person; its spans (none: nothing to undo)."""
        with self._writing() as db:
            row = db.execute(
                "select max(batch) from decision where who = ? and undone = 0", (who,)
            ).fetchone()
            if row[0] is None:
                return []
            spans = [
                one[0]
                for one in db.execute(
                    "select span from decision where batch = ? and undone = 0 order by number", row
                )
            ]
            db.execute("update decision set undone = 1 where batch = ?", row)
        return spans

    def progress(self) -> Progress:
        """Counts, and what the answers say of the precision."""
        rows = self._db.execute(
            "select s.score, d.action, d.label, s.label, d.start, s.start, d.stop, s.stop from span s "
            "left join decision d on d.span = s.number and d.undone = 0"
        ).fetchall()
        actions = [row[1] for row in rows]
        before, now = precision([(row[0], row[1]) for row in rows])
        return Progress(
            len(rows), actions.count("accept"), actions.count("reject"), actions.count("change"), before, now
        )

    def document(self, number: int) -> Document:
        """A document as it came, with its spans."""
        row = self._db.execute("select record from document where number = ?", (number,)).fetchone()
        return document_of(json.loads(row[0]))

    def rows(self, query: str, *values: Any) -> list[Any]:
        """The rows of a query that only reads."""
        return self._db.execute(query, values).fetchall()

    def _check(self, one: Decision, db: sqlite3.Connection) -> None:
        case = self.case(one.span)
        if one.action not in ("accept", "reject", "change"):
            raise DataError("B011", f"no action {one.action!r}", remedy="accept, reject or change")
        if one.label is not None and one.label not in self.labels:
            raise DataError("B011", f"no label {one.label!r}", remedy=", ".join(self.labels))
        if one.start is not None or one.end is not None:
            start = case.start if one.start is None else one.start
            end = case.end if one.end is None else one.end
            text = self.document(case.document).text
            if not 0 <= start < end <= len(text) or text[start:end] != text[start:end].strip():
                raise DataError("B012", f"[{start}, {end}) is no span of its text")
        row = db.execute("select 1 from decision where span = ? and undone = 0", (one.span,)).fetchone()
        if row is not None:
            raise DataError("B012", f"span {one.span} is decided already", remedy="undo that first")

    @property
    def _db(self) -> sqlite3.Connection:
        """This thread's connection."""
        found: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if found is None:
            if not self.path.is_file():
                raise sqlite3.OperationalError("there is no such file")
            found = sqlite3.connect(self.path, timeout=30, isolation_level=None)
            found.execute("pragma synchronous = full")
            self._local.connection = found
        return found

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """A transaction: all or nothing. Raises DataError B014: the disk is full, or the file locked."""
        db = self._db
        try:
            db.execute("begin immediate")
            yield db
            db.execute("commit")
        except BaseException as error:
            if db.in_transaction:  # a full disk ends it by itself
                db.execute("rollback")
            if isinstance(error, sqlite3.OperationalError):
                remedy = "nothing decided before is lost; free some space, then decide again"
                raise DataError("B014", f"not saved: {error}", path=self.path, remedy=remedy) from None
            raise

    def _value(self, key: str) -> Any:
        row = self._db.execute("select value from meta where key = ?", (key,)).fetchone()
        return None if row is None else row[0]

    def _case(self, row: Sequence[Any]) -> Case:
        count = self._db.execute(
            f"select count(*) from span s where s.form = ? and s.label = ? and {UNDECIDED}", (row[7], row[4])
        ).fetchone()[0]
        return case_of(row, int(count))
