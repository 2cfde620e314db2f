"""How a thing is measured: CPU time, median of three, and peak memory."""

import gc
import json
import statistics
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

REPEATS = 3
MB = 1e6


@dataclass(frozen=True)
class Cost:
    """What a thing costs."""

    seconds: float
    """CPU time, of user and system. [s]"""
    memory: float
    """Peak of what it allocates; of a process, its peak resident set. [MB]"""
    wall: float
    """Time on the clock. [s]"""


@dataclass(frozen=True)
class Case:
    """One thing to measure, and what stands beside it."""

    what: str
    """What is measured."""
    measure: Callable[[], Cost]
    """Measures it."""
    beside: str = ""
    """What the reference is."""
    reference: Callable[[], Cost] | None = None
    """Measures the reference."""
    limit: str = ""
    """What it should stay below."""
    count: int = 0
    """How many things it works on, to tell how many a second."""
    counted: str = "readings"
    """What they are."""
    beside_count: int = 0
    """How many the reference works on; as many, where none is given."""


def in_process(task: Callable[[], object]) -> Cost:
    """Cost of a call: median time of three runs, and the memory of one more."""
    seconds, walls = [], []
    for _ in range(REPEATS):
        gc.collect()
        cpu, wall = time.process_time(), time.perf_counter()
        task()
        seconds.append(time.process_time() - cpu)
        walls.append(time.perf_counter() - wall)
    tracemalloc.start()
    task()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return Cost(statistics.median(seconds), peak / MB, statistics.median(walls))


def once(task: Callable[[], object]) -> Cost:
    """Cost of one run of a call that takes a minute; its memory is not measured, which would take as long again."""
    gc.collect()
    cpu, wall = time.process_time(), time.perf_counter()
    task()
    return Cost(time.process_time() - cpu, float("nan"), time.perf_counter() - wall)


def python(*arguments: str, repeats: int = REPEATS) -> Cost:
    """Cost of a Python process of its own, started cold."""
    costs = [_one_process([sys.executable, *arguments]) for _ in range(repeats)]
    return Cost(
        *(statistics.median(values) for values in zip(*((c.seconds, c.memory, c.wall) for c in costs), strict=True))
    )


def _one_process(command: list[str]) -> Cost:
    # Started by a small process, because the peak memory of a child counts that of its parent.
    small = [sys.executable, "-S", str(Path(__file__).with_name("one_process.py"))]
    told = subprocess.run([*small, *command], capture_output=True, text=True, check=False)
    if told.returncode:
        raise RuntimeError((told.stderr.strip().splitlines() or ["no word of why"])[-1])
    return Cost(**json.loads(told.stdout.splitlines()[-1]))
