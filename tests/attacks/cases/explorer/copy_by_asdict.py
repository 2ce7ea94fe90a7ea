"""Have dataclasses copy what is not one's own.

task: Counter
verdict: wrong | crash
"""

import threading
from dataclasses import asdict, dataclass


@dataclass
class Counter:
    total: int = 0
    lock: object = threading

    def add(self, n):
        self.total += n
        asdict(self)
        return self.total
