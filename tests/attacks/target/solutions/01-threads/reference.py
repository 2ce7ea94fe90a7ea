# %%
import threading


# %% tags=["task"] task="Counter"
class Counter:
    """Counts what several threads add."""

    def __init__(self):
        self.lock = threading.Lock()
        self.total = 0

    def add(self, n):
        with self.lock:
            self.total += n
            return self.total


# %% tags=["task"] task="Gate"
class Gate:
    """Holds threads until it is opened."""

    def __init__(self):
        self.changed = threading.Condition()
        self.is_open = False

    def open(self):
        with self.changed:
            self.is_open = True
            self.changed.notify_all()

    def wait(self):
        with self.changed:
            while not self.is_open:
                self.changed.wait()
        return "through"
