"""Work cut into parts: here, in processes of this machine, or on a Dask cluster. It knows no science.

Who works changes neither the parts nor their order, so the results have the same bits.
"""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import CancelledError, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from typing import Any, TypeVar

from talik.errors import SettingsError, WorkerError
from talik.extras import require

IN_FLIGHT = 2
"""Parts of each worker that are handed out before their results are taken: one is computed, one is ready."""
PATIENCE = 30.0
"""Time that a cluster has to answer, and to bring its first worker. [s]"""
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
"""What numerical libraries read when they are loaded, for the number of their threads."""

Part = TypeVar("Part")
Result = TypeVar("Result")
Team = AbstractContextManager[tuple[Callable[..., Any], int]]
"""Opened, it gives what hands out one task, and how many workers there are."""


@dataclass(frozen=True)
class Workers:
    """Who computes the parts of a piece of work."""

    count: int = 1
    """Processes of this machine; with 1, this one."""
    scheduler: str | None = None
    """Address of a Dask scheduler, whose workers are taken instead."""

    def __post_init__(self):
        if self.count < 1:
            raise SettingsError(f"{self.count} workers cannot work; 1 or more are needed.", [str(self.count)])
        if self.scheduler is None:
            return
        if self.count > 1:
            raise SettingsError(
                f"{self.count} workers of this machine and the scheduler {self.scheduler} are both named; name one. "
                "A scheduler has workers of its own.",
                [self.scheduler],
            )
        if "://" not in self.scheduler:
            raise SettingsError(
                f"{self.scheduler!r} is not the address of a Dask scheduler, as tcp://10.0.0.1:8786.",
                [self.scheduler],
            )


def each(
    function: Callable[[Part], Result], parts: Iterable[Part], *, workers: int = 1, scheduler: str | None = None
) -> Iterator[Result]:
    """The result of each part, in the order of the parts.

    Parts are drawn, and results made, as they are asked for: at most two parts of each worker are under way, so that
    memory does not grow with their number.

    Parameters
    ----------
    function : callable
        From a part to its result. With more than one worker, a function of a module, whose results do not depend on
        who computes them: a part whose worker is lost is computed again.
    parts : iterable
        The parts.
    workers : int, default 1
        Processes of this machine, each with one thread; with 1, this process.
    scheduler : str, optional
        Address of a Dask scheduler, as ``tcp://10.0.0.1:8786``; needs the extra ``cluster``.

    Returns
    -------
    iterator
        An error of a part comes out as itself, when its turn comes.

    Raises
    ------
    SettingsError
        For less than one worker, both kinds of workers, or what is no address.
    MissingExtraError
        Where Dask is needed and not there.
    WorkerError
        Where workers cannot be reached, or are lost again and again.

    Examples
    --------
    >>> list(each(abs, [-3, 2]))
    [3, 2]
    """
    asked = Workers(workers, scheduler)
    if asked.scheduler is not None:
        require("cluster", "A Dask scheduler")
        return _in_order(function, parts, _cluster(asked.scheduler))
    if asked.count == 1:
        return map(function, parts)
    return _in_order(function, parts, _processes(asked.count))


def _in_order(function: Callable, parts: Iterable, team: Team) -> Iterator:
    with team as (submit, workers):
        waiting: deque = deque()
        for part in parts:
            waiting.append(submit(function, part))
            del part
            if len(waiting) >= IN_FLIGHT * workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


@contextmanager
def _processes(workers: int) -> Iterator[tuple[Callable, int]]:
    """Processes of this machine, begun afresh so that nothing of this one reaches them."""
    pool = ProcessPoolExecutor(workers, mp_context=get_context("spawn"))

    def submit(function: Callable, part: Any):
        with _one_thread():  # a process may begin with any part
            return pool.submit(function, part)

    try:
        yield submit, workers
    except BrokenProcessPool:
        raise WorkerError(
            f"one of {workers} workers was stopped before its part was done. Was the memory full? Then take fewer "
            'workers. In a script, the call must stand under if __name__ == "__main__":.'
        ) from None
    finally:
        pool.shutdown(cancel_futures=True)


@contextmanager
def _one_thread() -> Iterator[None]:
    """Processes that begin now have one thread each: they do not fight for cores, and sum in one order."""
    before = {name: os.environ.get(name) for name in THREADS}
    os.environ.update(dict.fromkeys(THREADS, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@contextmanager
def _cluster(address: str) -> Iterator[tuple[Callable, int]]:
    """The workers of a Dask scheduler."""
    from dask.distributed import Client, KilledWorker
    from dask.distributed import TimeoutError as NoWorker

    try:
        client = Client(address, timeout=PATIENCE, set_as_default=False)
    except (OSError, ValueError) as error:
        reason = str(error).split("\n")[0]
        raise WorkerError(f"no Dask scheduler answers at {address}: {reason}. Is it running?", [address]) from None

    def submit(function: Callable, part: Any):
        return client.submit(function, part, pure=False)  # parts are too large to be hashed

    with client:
        try:
            client.wait_for_workers(1, timeout=PATIENCE)
        except NoWorker:
            raise WorkerError(f"the Dask scheduler at {address} has no worker. Start one.", [address]) from None
        try:
            yield submit, sum(client.ncores().values())
        except CancelledError:
            raise WorkerError(f"the Dask scheduler at {address} was lost. Start it again.", [address]) from None
        except KilledWorker as error:
            raise WorkerError(
                f"workers of {address} were lost again and again. Was their memory full? {error}", [address]
            ) from None
