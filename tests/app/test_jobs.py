"""Jobs: what reaches the main thread, in which thread, and what does not."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest
from pytestqt.qtbot import QtBot
from small_engine import until

from app.jobs import JobRunner, Lane
from engine.errors import InputError
from engine.progress import Progress, Step


@pytest.fixture
def jobs(qtbot: QtBot) -> Iterator[JobRunner]:
    runner = JobRunner()
    yield runner
    runner.close()


def test_work_runs_elsewhere_and_its_result_arrives_on_the_main_thread(
    jobs: JobRunner, qtbot: QtBot
) -> None:
    seen: list[threading.Thread] = []
    jobs.start(
        "x",
        lambda progress: threading.current_thread(),
        lambda worker: seen.extend([worker, threading.current_thread()]),
    )
    until(qtbot, lambda: len(seen) == 2)
    assert seen[0] is not threading.main_thread()
    assert seen[1] is threading.main_thread()


def test_partial_results_come_before_the_end_and_in_order(jobs: JobRunner, qtbot: QtBot) -> None:
    seen: list[object] = []

    def work(progress: Progress) -> str:
        for part in range(3):
            progress.partial(part)
        return "end"

    jobs.start("x", work, seen.append, on_partial=seen.append)
    until(qtbot, lambda: "end" in seen)
    assert seen == [0, 1, 2, "end"]


def test_only_the_latest_step_is_shown(jobs: JobRunner, qtbot: QtBot) -> None:
    gate = threading.Event()
    shown: list[float] = []

    def work(progress: Progress) -> None:
        for done in range(1000):
            progress.report(Step("s", done, 1000, fraction=done / 1000))
        gate.wait(5)

    jobs.changed.connect(
        lambda status: shown.append(status.step.fraction) if status and status.step else None
    )
    jobs.start("x", work, lambda result: None)
    until(qtbot, lambda: bool(shown) and shown[-1] == pytest.approx(0.999))
    gate.set()
    assert len(shown) < 100


def test_cancel_ends_a_checking_job_and_delivers_nothing(jobs: JobRunner, qtbot: QtBot) -> None:
    seen: list[object] = []
    running = threading.Event()

    def work(progress: Progress) -> str:
        running.set()
        while True:
            progress.check()
            time.sleep(0.001)

    job = jobs.start("x", work, seen.append, kind="k")
    until(qtbot, running.is_set)
    jobs.cancel(job)
    until(qtbot, lambda: jobs.running("k") is None)
    assert seen == []


def test_result_of_a_job_that_does_not_check_is_dropped_after_cancel(
    jobs: JobRunner, qtbot: QtBot
) -> None:
    seen: list[object] = []
    running, gate = threading.Event(), threading.Event()

    def work(progress: Progress) -> str:
        running.set()
        gate.wait(5)
        return "late"

    job = jobs.start("x", work, seen.append)
    until(qtbot, running.is_set)
    jobs.cancel(job)
    gate.set()
    until(qtbot, lambda: not jobs.busy)
    assert seen == []


def test_failure_arrives_as_the_exception(jobs: JobRunner, qtbot: QtBot) -> None:
    def work(progress: Progress) -> None:
        raise InputError("No.")

    with qtbot.waitSignal(jobs.failed) as signal:
        jobs.start("x", work, lambda result: None)
    assert isinstance(signal.args[0], InputError)


def test_two_registrations_never_run_at_once(jobs: JobRunner, qtbot: QtBot) -> None:
    inside, worst = [0], [0]
    done: list[object] = []

    def work(progress: Progress) -> None:
        inside[0] += 1
        worst[0] = max(worst[0], inside[0])
        time.sleep(0.01)
        inside[0] -= 1

    for _ in range(4):
        jobs.start("x", work, done.append, lane=Lane.REGISTRATION)
    until(qtbot, lambda: len(done) == 4)
    assert worst[0] == 1


def test_close_cancels_waits_and_delivers_nothing_more(qtbot: QtBot) -> None:
    jobs = JobRunner()
    seen: list[object] = []
    running = threading.Event()

    def work(progress: Progress) -> None:
        running.set()
        while True:
            progress.check()
            time.sleep(0.001)

    jobs.start("x", work, seen.append, on_end=lambda: seen.append("end"))
    until(qtbot, running.is_set)
    assert jobs.close()
    qtbot.wait(20)
    assert seen == []


def test_an_edit_begins_when_the_one_before_it_is_shown(jobs: JobRunner, qtbot: QtBot) -> None:
    shown: list[int] = []
    seen: list[list[int]] = []
    for number in range(4):
        jobs.start(
            "x",
            lambda progress, number=number: (seen.append(list(shown)), number)[1],
            shown.append,
            lane=Lane.EDITS,
        )
    until(qtbot, lambda: len(shown) == 4)
    assert seen == [[], [0], [0, 1], [0, 1, 2]]


def test_edits_that_wait_for_one_another_let_the_window_close(qtbot: QtBot) -> None:
    runner = JobRunner()
    begun = threading.Event()
    for _ in range(2):
        runner.start("x", lambda progress: begun.set(), lambda _: None, lane=Lane.EDITS)
    assert begun.wait(60)
    assert runner.close()
