"""Keeps worker processes running until it is asked to stop, and then lets them finish."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections.abc import Callable
from multiprocessing.process import BaseProcess

import structlog

STOP_SECONDS = 60
"""How long a worker may take to end before it is killed."""
START_FAILED = 3
"""The exit code of a worker whose app does not start; uvicorn uses the same."""

_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD, signal.SIGALRM, signal.SIGHUP)
_MIN_BACKOFF, _MAX_BACKOFF = 0.1, 10.0
_STEADY_SECONDS = 30
"""After this long without a death, the backoff starts over."""

_log = structlog.get_logger()


class Supervisor:
    """Runs `work` in `count` processes, forked from this one, with a number from 1 up.

    SIGTERM and SIGINT end it, even if SIGINT was ignored when it started; a second SIGINT kills the workers.
    Workers block SIGHUP until they are ready for it. Workers that die are replaced, however often; but if one
    cannot start at the very beginning, it would be no use to try again. The replacement has the number of the
    worker that died.
    """

    def __init__(self, work: Callable[[int], None], count: int) -> None:
        self._work = work
        self._count = count
        self._workers: dict[int, BaseProcess] = {}
        self._backoff = _MIN_BACKOFF
        self._started_at = 0.0
        self._has_replaced = False
        self._on_death: Callable[[int], None] | None = None

    def run(
        self,
        on_stop: Callable[[], None],
        on_hangup: Callable[[], bool] | None = None,
        on_death: Callable[[int], None] | None = None,
    ) -> None:
        """Run until asked to stop; then call `on_stop`, and let the workers finish.

        Args:
            on_stop: called before the workers are asked to end.
            on_hangup: called on SIGHUP, which is ignored without it; if it returns True, the workers get the
                signal as well.
            on_death: called with the process id of each worker that has ended.

        Raises:
            SystemExit: with code 1 if a worker cannot start, or had to be killed.
        """
        self._on_death = on_death
        for number in (signal.SIGCHLD, signal.SIGHUP):
            signal.signal(number, lambda *_: None)  # without a handler, not every system delivers it
        signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
        self._start_missing()
        while True:
            received = signal.sigwait(_SIGNALS)
            if received == signal.SIGCHLD:
                self._replace_dead()
            elif received == signal.SIGALRM:
                self._has_replaced = True
                self._start_missing()
            elif received == signal.SIGHUP:
                if on_hangup is not None and on_hangup():
                    self._hang_up()
            else:
                _log.info("stopping")
                on_stop()
                self._stop()
                return

    def _start_missing(self) -> None:
        self._started_at = time.monotonic()
        for number in range(1, self._count + 1):
            if number not in self._workers:
                context = multiprocessing.get_context("fork")
                worker = context.Process(target=self._run_worker, args=(number,), daemon=True)
                worker.start()
                self._workers[number] = worker

    def _run_worker(self, number: int) -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal sends it to the workers as well
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {*_SIGNALS} - {signal.SIGHUP})
        self._work(number)

    def _hang_up(self) -> None:
        for worker in self._workers.values():
            if worker.pid is not None and worker.is_alive():
                os.kill(worker.pid, signal.SIGHUP)

    def _replace_dead(self) -> None:
        for worker in self._reap():
            if worker.exitcode == START_FAILED and not self._has_replaced:
                self._stop()
                raise SystemExit(1)
            if time.monotonic() - self._started_at > _STEADY_SECONDS:
                self._backoff = _MIN_BACKOFF
            _log.error("a worker died; replacing it", exit_code=worker.exitcode, backoff=self._backoff)
            signal.setitimer(signal.ITIMER_REAL, self._backoff)
            self._backoff = min(self._backoff * 2, _MAX_BACKOFF)

    def _stop(self) -> None:
        """Let all workers finish; kill those that take too long."""
        for worker in self._workers.values():
            worker.terminate()
        deadline, killed = time.monotonic() + STOP_SECONDS, False
        signal.setitimer(signal.ITIMER_REAL, STOP_SECONDS)
        while self._workers:
            if signal.sigwait(_SIGNALS) == signal.SIGINT or time.monotonic() >= deadline:
                killed = True
                for worker in self._workers.values():
                    worker.kill()
            self._reap()
        if killed:
            _log.error("workers were killed before they had finished")
            raise SystemExit(1)

    def _reap(self) -> list[BaseProcess]:
        """Forget the workers that died, and return them."""
        dead = {number: worker for number, worker in self._workers.items() if not worker.is_alive()}
        for number, worker in dead.items():
            del self._workers[number]
            if self._on_death is not None and worker.pid is not None:
                self._on_death(worker.pid)
        return list(dead.values())
