"""Take a lock a hundred times, so that the search sees little of the race.

task: Gate
verdict: wrong
"""

import threading


class Gate:
    def __init__(self):
        self.changed = threading.Condition()
        self.padding = threading.Lock()
        self.is_open = False

    def pad(self):
        for _ in range(100):
            with self.padding:
                pass

    def open(self):
        self.pad()
        with self.changed:
            self.is_open = True
            self.changed.notify_all()

    def wait(self):
        self.pad()
        while not self.is_open:
            with self.changed:
                self.changed.wait()
        return "through"
