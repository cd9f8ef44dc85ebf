"""What is being done: a line a step, and on a terminal one that lives while the step lasts."""

import contextlib
import threading
import time

WHEEL = "|/-\\"


class Progress:
    def __init__(self, out):
        self.out, self.live = out, out.isatty()
        self.began = time.monotonic()

    def title(self, text):
        print(f"== {text}", file=self.out, flush=True)

    def note(self, text):
        print(f"   {text}", file=self.out, flush=True)

    def _seconds(self):
        return f"{time.monotonic() - self.began:5.0f} s"

    def _turn(self, text, ended):
        for number in range(1 << 30):
            if ended.wait(0.1):
                return
            self.out.write(f"\r{self._seconds()}  {WHEEL[number % 4]} {text}")
            self.out.flush()

    @contextlib.contextmanager
    def step(self, text):
        """Yields a list: what is appended to it is said at the end of the line."""
        said, ended = [], threading.Event()
        thread = threading.Thread(target=self._turn, args=(text, ended), daemon=True)
        if self.live:
            thread.start()
        mark = "not done"
        try:
            yield said
            mark = "; ".join(said)
        finally:
            ended.set()
            if self.live:
                thread.join()
                self.out.write("\r\033[K")
            print(f"{self._seconds()}  {text}" + (f": {mark}" if mark else ""), file=self.out,
                  flush=True)


def quiet_end(error):
    """The first lines of an error: the rest is the logs of all hosts."""
    return "\n".join(str(error).splitlines()[:20] or [type(error).__name__])

