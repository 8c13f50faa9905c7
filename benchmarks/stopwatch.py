"""Seconds and memory of one command: ``python -m benchmarks.stopwatch SECONDS COMMAND...``.

A process of its own, and a small one: Linux counts the memory of whoever starts a program to that program's
peak, and what compares pictures has hundreds of megabytes.
"""

import json
import os
import subprocess
import sys
import threading
import time


def measure(command, patience):
    """Run a command to its end.

    Parameters
    ----------
    command : sequence of str
        Program and arguments; its output is dropped.
    patience : float
        Seconds after which it is stopped.

    Returns
    -------
    dict
        ``wall`` and ``cpu`` seconds, start-up included; ``peak``, the most memory it had at once, in bytes;
        ``error``, the last line of what it said if it failed, empty if not.
    """
    began = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    timer = threading.Timer(patience, process.kill)
    timer.start()
    with process.stderr as stream:
        said = stream.read()
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - began
    in_time = timer.is_alive()
    timer.cancel()
    process.returncode = os.waitstatus_to_exitcode(status)
    error = ""
    if process.returncode:
        error = (said.strip().splitlines() or ["failed"])[-1] if in_time else f"not done in {patience:g} s"
    unit = 1 if sys.platform == "darwin" else 1024
    cpu = usage.ru_utime + usage.ru_stime
    return {"wall": wall, "cpu": cpu, "peak": usage.ru_maxrss * unit, "error": error}


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[2:], float(sys.argv[1]))))
