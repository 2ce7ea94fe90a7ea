"""Walk up the frames from what a with statement hands over.

task: Counter
verdict: wrong | crash
"""


class Trap:
    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        frame = trace.tb_frame
        while frame.f_back is not None:
            frame = frame.f_back
        return True


class Counter:
    def __init__(self):
        self.total = 0
        with Trap():
            raise ValueError

    def add(self, n):
        total = self.total
        self.total = total + n
        return self.total
