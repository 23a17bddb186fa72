"""Where the loops of a cohort are worked on: here, in processes of this machine, or by Dask."""

from __future__ import annotations

import dataclasses
import multiprocessing
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.synchronize import Event
from typing import Any, Final

from engine.cohort.loop import run_loop
from engine.cohort.values import CohortConfig, CohortLoop, LoopOutcome, Status
from engine.errors import Cancelled, MissingPackageError, ResourceError
from engine.progress import NullProgress, Progress

_POLL_S: Final = 0.2
_DIED: Final = (
    "The process of this loop ended without a word, most likely for want of memory. Track fewer "
    "frames, or with fewer --workers."
)
_NO_DASK: Final = "A cluster needs Dask. Install it: pip install 'myoflux[dask]'."


class _StoppableProgress(NullProgress):
    """Asks an event of the parent process whether to stop."""

    def __init__(self, stop: Event) -> None:
        self._stop = stop

    def check(self) -> None:
        """Raise once the parent process asks for it."""
        if self._stop.is_set():
            raise Cancelled("Stopped at your request.")


_worker_progress: Progress = NullProgress()


def work_off(
    loops: Sequence[CohortLoop], config: CohortConfig, progress: Progress
) -> Iterator[LoopOutcome]:
    """Yield the outcome of every loop as it comes.

    Args:
        loops: What is to be done.
        config: Number of workers, or the scheduler's address.
        progress: Asked whether to stop.

    Raises:
        Cancelled: If a stop was asked for; workers stop too.
        MissingPackageError: If a scheduler is given and Dask is not installed.
        ResourceError: If the scheduler cannot be reached.
    """
    if config.scheduler is not None:
        yield from _on_cluster(loops, config, progress)
    elif config.workers == 1:
        for loop in loops:
            progress.check()
            yield run_loop(loop, config, progress)
    else:
        yield from _in_processes(loops, config, progress)


def _in_processes(
    loops: Sequence[CohortLoop], config: CohortConfig, progress: Progress
) -> Iterator[LoopOutcome]:
    """Yield outcomes of a pool; a loop whose process dies is tried once more, alone."""
    done: set[CohortLoop] = set()
    try:
        for outcome in _in_pool(loops, config, config.workers, progress):
            done.add(outcome.loop)
            yield outcome
    except BrokenProcessPool:
        for loop in loops:
            if loop not in done:
                yield from _alone(loop, config, progress)


def _alone(loop: CohortLoop, config: CohortConfig, progress: Progress) -> Iterator[LoopOutcome]:
    try:
        yield from _in_pool([loop], config, 1, progress)
    except BrokenProcessPool:
        yield LoopOutcome(loop, Status.FAILED, _DIED)


def _in_pool(
    loops: Sequence[CohortLoop], config: CohortConfig, workers: int, progress: Progress
) -> Iterator[LoopOutcome]:
    # Forking a process that has run torch can hang, so every worker starts afresh.
    context = multiprocessing.get_context("spawn")
    stop = context.Event()
    pool = ProcessPoolExecutor(workers, context, _start_worker, (stop,))
    shared = _sharing_cores(config)
    try:
        waiting: set[Future[LoopOutcome]] = {pool.submit(_work, item, shared) for item in loops}
        while waiting:
            progress.check()
            finished, waiting = wait(waiting, _POLL_S, FIRST_COMPLETED)
            for future in finished:
                yield future.result()
    finally:
        stop.set()
        pool.shutdown(cancel_futures=True)


def _start_worker(stop: Event) -> None:
    global _worker_progress  # noqa: PLW0603 - a process has one way of being stopped
    _worker_progress = _StoppableProgress(stop)


def _work(loop: CohortLoop, config: CohortConfig) -> LoopOutcome:
    return run_loop(loop, config, _worker_progress)


def _sharing_cores(config: CohortConfig) -> CohortConfig:
    """Return settings that leave every worker its share of the cores."""
    cores = os.cpu_count() or 1
    reserve = min(cores - max(1, cores // config.workers), 64)
    tracking = dataclasses.replace(config.tracking, reserve_cores=reserve)
    return dataclasses.replace(config, tracking=tracking)


def _on_cluster(
    loops: Sequence[CohortLoop], config: CohortConfig, progress: Progress
) -> Iterator[LoopOutcome]:
    """Yield outcomes of a Dask cluster, whose workers see the same folders."""
    try:
        import distributed  # noqa: PLC0415 - an optional package
    except ImportError as error:
        raise MissingPackageError(_NO_DASK) from error
    try:
        client: Any = distributed.Client(config.scheduler)
    except (OSError, ValueError) as error:
        raise ResourceError(
            f"No Dask scheduler answers at {config.scheduler}. Start one (dask scheduler), or "
            "leave --scheduler away."
        ) from error
    with client:
        futures = {client.submit(run_loop, item, config, NullProgress()): item for item in loops}
        waiting = set(futures)
        try:
            while waiting:
                progress.check()
                finished = {future for future in waiting if future.done()}
                waiting -= finished
                for future in finished:
                    yield _outcome_of(future, futures[future])
                if waiting and not finished:
                    _wait_a_little(distributed, waiting)
        finally:
            client.cancel(list(waiting))


def _outcome_of(future: Any, loop: CohortLoop) -> LoopOutcome:
    """Return a cluster's outcome; a worker that was lost is a failure of its loop."""
    error = future.exception()
    if error is None:
        outcome: LoopOutcome = future.result()
        return outcome
    return LoopOutcome(loop, Status.FAILED, f"{_DIED} ({error})")


def _wait_a_little(distributed: Any, waiting: set[Any]) -> None:
    try:
        distributed.wait(list(waiting), timeout=_POLL_S, return_when="FIRST_COMPLETED")
    except TimeoutError:
        return
