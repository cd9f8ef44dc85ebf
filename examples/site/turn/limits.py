"""How long a turn may take, and each part of it. Whatever is waited for, nobody waits longer: the
people who started it see a report after five minutes, also of a site that did not come back."""

import contextlib
import signal

TURN_S = 280   # from the start of the program until it takes all down
RAISE_S = 150  # to bring the site up
FAULT_S = 75   # from before a fault until all is well again
MEND_S = 30    # one more try to mend what was not well by then
LEAST_S = 15   # a fault for which less is left is not begun
END_S = 30     # kept for what comes after the last fault
AGAIN_S = 10   # what was not heeded is said again


class Overdue(RuntimeError):
    """A part of the turn was ended: it has had its time."""


@contextlib.contextmanager
def bounded(seconds):
    """Raises Overdue in there when it takes longer. Not within another one."""
    def expired(*_):
        raise Overdue(f"not within {seconds:.0f} s")

    previous = signal.signal(signal.SIGALRM, expired)
    signal.setitimer(signal.ITIMER_REAL, max(seconds, 0.001), AGAIN_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)
