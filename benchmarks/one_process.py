"""Run a command and print what it cost: CPU seconds, peak resident memory, seconds on the clock."""

import json
import os
import subprocess
import sys
import time


def main() -> int:
    """Run the command in the arguments; its own output goes nowhere, its errors to standard error."""
    start = time.perf_counter()
    process = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    unit = 1 if sys.platform == "darwin" else 1024  # bytes there, kilobytes elsewhere
    cost = {
        "seconds": used.ru_utime + used.ru_stime,
        "memory": used.ru_maxrss * unit / 1e6,
        "wall": time.perf_counter() - start,
    }
    print(json.dumps(cost))
    return process.returncode


raise SystemExit(main())
