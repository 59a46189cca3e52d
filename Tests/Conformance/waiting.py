"""Waiting for events. Nothing here waits for time to pass: every wait ends with its event, or fails at its deadline."""

import time

PATIENCE = 20.0  # seconds; only a test that fails waits so long, and a machine may be busy


def eventually(look, what, patience=PATIENCE):
    """Looks until `look` returns something true, and returns that."""
    deadline = time.monotonic() + patience
    pause = 0.002
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {patience} s: {what}; last seen: {found!r}")
        time.sleep(pause)
        pause = min(pause * 1.5, 0.1)
