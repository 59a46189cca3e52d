#!/usr/bin/env python3
"""Makes one thread of a process stand still, as one in an endless call would; all the others go on.

    standstill.py PID THREAD

Says "still" when it does. The thread goes on when standard input ends; this helper ends with the thread, or with that.

It is a debugger's stop (ptrace(2), PTRACE_SEIZE and PTRACE_INTERRUPT): nothing in the relay helps. SIGSTOP and the
freezer would hold up the whole process, and prove only that somebody who sends nothing is missed.
"""

import ctypes
import os
import select
import sys
from pathlib import Path

SEIZE, INTERRUPT, DETACH = 0x4206, 0x4207, 17
WALL = 0x40000000
LIBC = ctypes.CDLL(None, use_errno=True)
LIBC.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
LIBC.ptrace.restype = ctypes.c_long


def ptrace(request, thread):
    if LIBC.ptrace(request, thread, None, None) != 0:
        raise OSError(ctypes.get_errno(), f"ptrace {request:#x} of {thread}")


def thread_named(pid, name):
    for task in Path(f"/proc/{pid}/task").iterdir():
        if (task / "comm").read_text().strip() == name:
            return int(task.name)
    sys.exit(f"{pid} has no thread {name}")


def main():
    thread = thread_named(int(sys.argv[1]), sys.argv[2])
    ptrace(SEIZE, thread)
    ptrace(INTERRUPT, thread)
    os.waitpid(thread, WALL)
    print("still", flush=True)
    while True:
        # Reaped, or the process could not end before this helper.
        dead, status = os.waitpid(thread, WALL | os.WNOHANG)
        if dead and not os.WIFSTOPPED(status):
            return
        if select.select([sys.stdin], [], [], 0.05)[0]:
            return ptrace(DETACH, thread)


if __name__ == "__main__":
    main()
