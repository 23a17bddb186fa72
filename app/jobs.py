"""Long work off the main thread: a lane for registration, one for edits, a pool for files.

A job runs ``work(progress)`` in a worker thread. Its latest step is kept as a value and drained
by a timer; finished parts, notices and the end travel as one queued signal with the job's id, so
that every callback runs on the main thread and nothing of a job that was dropped is ever seen.
"""

from __future__ import annotations

import itertools
import logging
import os
import queue
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any, Final, TypeVar

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from engine.errors import Cancelled
from engine.progress import Progress, Step

Result = TypeVar("Result")

_LOG: Final = logging.getLogger(__name__)
# Secondary threads have 512 KiB of stack on macOS: too little for numerical libraries.
_STACK_BYTES: Final = 16 * 2**20
_DRAIN_MS: Final = 100
_NICENESS: Final = 5


class Lane(Enum):
    """Where a job runs: jobs of one lane never compete for the same cores.

    An edit begins when what the one before it made is shown, so that it finds it there.
    """

    REGISTRATION = auto()
    FILES = auto()
    EDITS = auto()


@dataclass(frozen=True)
class JobStatus:
    """What the window shows of a job.

    Attributes:
        job_id: Number of the job.
        title: What it does, in the user's words.
        step: Latest report; None before the first.
        elapsed_s: Since its start, s.
        remaining_s: Estimate of the time left, s; None while unknown.
        cancelling: Whether a stop has been asked for.
    """

    job_id: int
    title: str
    step: Step | None = None
    elapsed_s: float = 0.0
    remaining_s: float | None = None
    cancelling: bool = False


class _Outcome(Enum):
    PARTIAL = auto()
    NOTICE = auto()
    DONE = auto()
    FAILED = auto()
    CANCELLED = auto()


@dataclass
class _Job:
    """A job as the main thread knows it."""

    job_id: int
    title: str
    kind: str
    work: Callable[[Progress], Any]
    on_done: Callable[[Any], None]
    on_partial: Callable[[Any], None] | None
    on_end: Callable[[], None] | None
    quiet: bool
    owner: int | None
    reporter: _Reporter
    started: float
    ended: threading.Event = field(default_factory=threading.Event)


class _Reporter:
    """The ``Progress`` of one job: written by the worker, read by the main thread."""

    def __init__(self, job_id: int, post: Callable[[int, _Outcome, Any], None]) -> None:
        self._job_id = job_id
        self._post = post
        self._stop = threading.Event()
        self.latest: Step | None = None

    def report(self, step: Step) -> None:
        self.latest = step

    def partial(self, value: object) -> None:
        self.check()
        self._post(self._job_id, _Outcome.PARTIAL, value)

    def notice(self, message: str) -> None:
        self._post(self._job_id, _Outcome.NOTICE, message)

    def check(self) -> None:
        if self._stop.is_set():
            raise Cancelled("Stopped at your request. Nothing was written.")

    def stop(self) -> None:
        self._stop.set()

    @property
    def stopping(self) -> bool:
        return self._stop.is_set()


class JobRunner(QObject):
    """Runs jobs and brings what they make to the main thread.

    Signals:
        changed: ``JobStatus`` of the job worth showing, or None when all is done.
        noticed: A sentence from a running job.
        failed: The exception of a job that failed.
        activity_changed: A job was started or has ended.
    """

    changed = Signal(object)
    activity_changed = Signal()
    noticed = Signal(str)
    failed = Signal(object)
    _posted = Signal(int, object, object)

    def __init__(self, parent: QObject | None = None, file_workers: int = 2) -> None:
        super().__init__(parent)
        self._ids = itertools.count(1)
        self._jobs: dict[int, _Job] = {}
        self._queues: dict[Lane, queue.SimpleQueue[_Job | None]] = {
            lane: queue.SimpleQueue() for lane in Lane
        }
        self._posted.connect(self._deliver, Qt.ConnectionType.QueuedConnection)
        self._timer = QTimer(self)
        self._timer.setInterval(_DRAIN_MS)
        self._timer.timeout.connect(self._drain)
        self._threads = self._start_threads(
            {Lane.REGISTRATION: 1, Lane.FILES: file_workers, Lane.EDITS: 1}
        )

    def start(
        self,
        title: str,
        work: Callable[[Progress], Result],
        on_done: Callable[[Result], None],
        *,
        kind: str = "",
        lane: Lane = Lane.FILES,
        on_partial: Callable[[Any], None] | None = None,
        on_end: Callable[[], None] | None = None,
        quiet: bool = False,
        owner: int | None = None,
    ) -> int:
        """Queue a job and return its id.

        Args:
            title: What it does, in the user's words.
            work: Called in a worker thread with the job's progress.
            on_done: Called on the main thread with what ``work`` returned.
            kind: Name that ``running`` finds it by.
            lane: Where it runs.
            on_partial: Called on the main thread with every finished part.
            on_end: Called on the main thread after the end, whatever it was.
            quiet: Whether the job stays out of the status bar.
            owner: Number of the loop that it works for; None where it goes on without one.
        """
        job_id = next(self._ids)
        reporter = _Reporter(job_id, self._posted.emit)
        job = _Job(
            job_id,
            title,
            kind,
            work,
            on_done,
            on_partial,
            on_end,
            quiet,
            owner,
            reporter,
            time.monotonic(),
        )
        self._jobs[job_id] = job
        self._queues[lane].put(job)
        self._timer.start()
        self._drain()
        self.activity_changed.emit()
        return job_id

    def cancel(self, job_id: int) -> None:
        """Ask a job to stop; from now on nothing of it is delivered but its end."""
        job = self._jobs.get(job_id)
        if job is not None:
            job.reporter.stop()
            self._drain()

    def cancel_kind(self, kind: str, owner: int | None = None) -> None:
        """Ask all jobs of a kind to stop, or those of one loop."""
        for job in self._of(kind, owner):
            self.cancel(job.job_id)

    def cancel_owner(self, owner: int) -> None:
        """Ask all jobs that work for a loop to stop."""
        for job in list(self._jobs.values()):
            if job.owner == owner:
                self.cancel(job.job_id)

    def running(self, kind: str, owner: int | None = None) -> int | None:
        """Return the id of a queued or running job of a kind, of any or of one loop, or None."""
        return next((job.job_id for job in self._of(kind, owner)), None)

    def _of(self, kind: str, owner: int | None) -> list[_Job]:
        return [
            job
            for job in self._jobs.values()
            if job.kind == kind and (owner is None or job.owner == owner)
        ]

    @property
    def busy(self) -> bool:
        """Whether any job is queued or running."""
        return bool(self._jobs)

    def close(self, timeout_s: float = 5.0) -> bool:
        """Cancel all jobs and wait for the threads; return whether they all ended in time."""
        self._timer.stop()
        for job in self._jobs.values():
            job.reporter.stop()
            job.ended.set()
        self._jobs.clear()
        for lane, thread in self._threads:
            del thread
            self._queues[lane].put(None)
        end = time.monotonic() + timeout_s
        for _, thread in self._threads:
            thread.join(max(0.0, end - time.monotonic()))
        return not any(thread.is_alive() for _, thread in self._threads)

    def _start_threads(self, counts: dict[Lane, int]) -> list[tuple[Lane, threading.Thread]]:
        before = threading.stack_size(_STACK_BYTES)
        try:
            threads = [
                (
                    lane,
                    threading.Thread(
                        target=self._run_lane,
                        args=(self._queues[lane], lane),
                        name=f"{lane.name.lower()}-{index}",
                        daemon=True,
                    ),
                )
                for lane, count in counts.items()
                for index in range(count)
            ]
            for _, thread in threads:
                thread.start()
        finally:
            threading.stack_size(before)
        return threads

    def _run_lane(self, jobs: queue.SimpleQueue[_Job | None], lane: Lane) -> None:
        if lane is Lane.REGISTRATION:
            _yield_to_window()
        while (job := jobs.get()) is not None:
            self._run(job)
            if lane is Lane.EDITS:
                job.ended.wait()

    def _run(self, job: _Job) -> None:
        post = self._posted.emit
        try:
            job.reporter.check()
            result = job.work(job.reporter)
            job.reporter.check()
        except Cancelled:
            post(job.job_id, _Outcome.CANCELLED, None)
        except Exception as error:  # noqa: BLE001 - handed to the one error view
            post(job.job_id, _Outcome.FAILED, error)
        else:
            post(job.job_id, _Outcome.DONE, result)

    def _deliver(self, job_id: int, outcome: _Outcome, value: Any) -> None:
        job = self._jobs.get(job_id)
        if job is None:
            return
        stopping = job.reporter.stopping
        if outcome is _Outcome.PARTIAL:
            if job.on_partial is not None and not stopping:
                job.on_partial(value)
            return
        if outcome is _Outcome.NOTICE:
            self.noticed.emit(value)
            return
        del self._jobs[job_id]
        try:
            if outcome is _Outcome.DONE and not stopping:
                job.on_done(value)
            elif outcome is _Outcome.FAILED and not stopping:
                _LOG.info("%s failed", job.title)
                self.failed.emit(value)
        finally:
            if job.on_end is not None:
                job.on_end()
            job.ended.set()
            self._drain()
            self.activity_changed.emit()

    def _drain(self) -> None:
        shown = [job for job in self._jobs.values() if not job.quiet]
        if not self._jobs:
            self._timer.stop()
        self.changed.emit(_status(shown[0]) if shown else None)


def _status(job: _Job) -> JobStatus:
    elapsed = time.monotonic() - job.started
    step = job.reporter.latest
    remaining = None
    if step is not None and step.fraction is not None and 0.02 < step.fraction <= 1:
        remaining = elapsed * (1 - step.fraction) / step.fraction
    return JobStatus(job.job_id, job.title, step, elapsed, remaining, job.reporter.stopping)


def _yield_to_window() -> None:
    """Let the scheduler prefer the window: on Linux niceness belongs to a thread and its heirs."""
    if sys.platform == "linux":
        try:
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)
        except OSError:
            _LOG.info("The priority of the registration thread was left as it is.")
