"""Walk up the frames from a generator.

task: Counter
verdict: wrong | crash
"""


def climb():
    yield


class Counter:
    def __init__(self):
        self.total = 0
        frame = climb().gi_frame
        while frame is not None:
            frame = frame.f_back

    def add(self, n):
        total = self.total
        self.total = total + n
        return self.total
