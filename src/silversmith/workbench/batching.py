"""Batching: requests of many clients through one labeller, a batch at a time, with a bounded queue."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

from silversmith.core import Document

__all__ = ["Batcher", "FullError", "Labels"]

Labels = Callable[[Sequence[Document]], Sequence[Document]]
"""Documents -> the same with spans, in order."""


class FullError(Exception):
    """The queue is full: come back later."""


@dataclass
class _Job:
    documents: list[Document]
    future: Future[list[Document]]
    arrived: float = field(default_factory=time.monotonic)


class Batcher:
    """One thread labels what waits; at most `most` documents wait, at most `batch` go at once.

    wait: seconds for which a batch that isn't full waits for more. Errors of a batch go to the requests in
    it; one document that breaks the labeller is told apart by labelling each request of the batch alone.
    """

    def __init__(self, labels: Labels, *, most: int = 1024, batch: int = 64, wait: float = 0.005) -> None:
        self.labels, self.most, self.batch, self.wait = labels, most, batch, wait
        self.waiting = 0
        self.documents = 0
        self.batches = 0
        self._queue: queue.Queue[_Job | None] = queue.Queue()
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._work, name="labels", daemon=True)
        self._thread.start()

    def submit(self, documents: Sequence[Document]) -> Future[list[Document]]:
        """Queue a request. Raises FullError; RuntimeError after `close`."""
        with self._lock:
            if self.waiting + len(documents) > self.most and self.waiting:
                raise FullError
            self.waiting += len(documents)
        job = _Job(list(documents), Future())
        self._queue.put(job)
        return job.future

    def close(self) -> None:
        """Finish what waits, then stop."""
        self._queue.put(None)
        self._thread.join()

    def _work(self) -> None:
        """The thread."""
        stop = False
        while not stop:
            job = self._queue.get()
            if job is None:
                return
            jobs, size, end = [job], len(job.documents), time.monotonic() + self.wait
            while size < self.batch:
                try:
                    other = self._queue.get(timeout=max(0.0, end - time.monotonic()))
                except queue.Empty:
                    break
                if other is None:
                    stop = True
                    break
                jobs.append(other)
                size += len(other.documents)
            self._run(jobs)

    def _run(self, jobs: Sequence[_Job]) -> None:
        """Label some requests together; apart if that fails."""
        live = [job for job in jobs if job.future.set_running_or_notify_cancel()]
        given = [one for job in live for one in job.documents]
        try:
            found: list[Any] = list(self.labels(given)) if given else []
        except Exception as error:  # one request's document must not fail the others
            if len(live) == 1:
                live[0].future.set_exception(error)
            else:
                for job in live:
                    self._alone(job)
        else:
            at = 0
            for job in live:
                job.future.set_result(found[at : at + len(job.documents)])
                at += len(job.documents)
        with self._lock:
            self.waiting -= sum(len(job.documents) for job in jobs)
            self.documents += len(given)
            self.batches += 1

    def _alone(self, job: _Job) -> None:
        try:
            job.future.set_result(list(self.labels(job.documents)))
        except Exception as error:
            job.future.set_exception(error)
