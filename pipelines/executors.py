"""Where samples are made: in this process, or in spawned workers that end when their parent does."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.synchronize import Event
from typing import Any, Protocol

from diachron.core.errors import DiachronError


class WorkerDiedError(DiachronError, RuntimeError):
    """A worker process ended without an answer (killed, or out of memory)."""


class Job(Protocol):
    """Work that can be sent to another process: opened once a worker, then asked for each sample."""

    def open(self) -> Any:
        """Return the worker's state."""
        ...

    def run(self, state: Any, sample: int) -> Any:
        """Return a small, picklable answer."""
        ...


# One thread each: workers share the machine by process, and results do not depend on thread counts.
THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "GDAL_NUM_THREADS")
PARENT_CHECK_S = 0.5


def run_here(job: Job, samples: Sequence[int]) -> Generator[tuple[int, Any], None, None]:
    """Yield (sample, answer) in order, made in this process."""
    state = job.open()
    for sample in samples:
        yield sample, job.run(state, sample)


def run_spawned(
    job: Job, samples: Sequence[int], workers: int, chunk: int
) -> Generator[tuple[int, Any], None, None]:
    """Yield (sample, answer) as they come, made in spawned processes.

    GDAL hangs in forked children after a threaded write in the parent, so workers are spawned. A few chunks
    are under way at a time, so memory does not grow with the number of samples. Closing the generator stops
    the workers at once, in the middle of what they do.

    Args:
        job: sent to each worker once.
        samples: in order; a chunk goes to one worker.
        workers: number of processes.
        chunk: samples handed out together.

    Raises:
        WorkerDiedError: a worker was killed; what it had finished is on disk.
    """
    for name in THREAD_VARIABLES:
        os.environ.setdefault(name, "1")
    chunks = iter([samples[i : i + chunk] for i in range(0, len(samples), chunk)])
    context = get_context("spawn")
    stop = context.Event()
    pool = ProcessPoolExecutor(
        workers, mp_context=context, initializer=_start_worker, initargs=(job, os.getpid(), stop)
    )
    under_way: set[Future[list[tuple[int, Any]]]] = set()
    try:
        for part in chunks:
            with _without_interrupt():
                under_way.add(pool.submit(_run_chunk, part))
            if len(under_way) >= 2 * workers:
                done, under_way = wait(under_way, return_when=FIRST_COMPLETED)
                for future in done:
                    yield from future.result()
        while under_way:
            done, under_way = wait(under_way, return_when=FIRST_COMPLETED)
            for future in done:
                yield from future.result()
    except BrokenProcessPool:
        raise WorkerDiedError(
            "a worker process died (killed, or out of memory); finished samples are kept: give the same "
            "command again, with fewer --workers if memory was short"
        ) from None
    finally:
        if under_way:
            stop.set()
        pool.shutdown(wait=True, cancel_futures=True)


@contextmanager
def _without_interrupt() -> Iterator[None]:
    """Hold Ctrl-C back while processes are started: they inherit the mask.

    A worker that still imports would answer Ctrl-C with a traceback; only the parent answers it.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


_worker_job: Job
_worker_state: Any


def _start_worker(job: Job, parent: int, stop: Event) -> None:
    """Prepare a worker: leave Ctrl-C to the parent, end with it, open the job."""
    global _worker_job, _worker_state
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with, args=(parent, stop), daemon=True).start()
    _worker_job = job
    _worker_state = job.open()


def _end_with(parent: int, stop: Event) -> None:
    """End this process when its parent says so or has gone: a killed parent cannot tell its children."""
    while os.getppid() == parent and not stop.wait(PARENT_CHECK_S):
        pass
    os._exit(1)


def _run_chunk(samples: Sequence[int]) -> list[tuple[int, Any]]:
    return [(sample, _worker_job.run(_worker_state, sample)) for sample in samples]
