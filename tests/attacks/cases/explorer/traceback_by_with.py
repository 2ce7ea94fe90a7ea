"""Put a traceback on an exception, to read frames from it.

task: Counter
verdict: wrong | crash
"""


class Counter:
    def __init__(self):
        self.total = 0

    def __exit__(self, kind, error, trace):
        self.tb_next = trace
        error.with_traceback(trace.tb_next)
        return True

    def __enter__(self):
        return self

    def add(self, n):
        with self:
            raise ValueError
        self.total += n
        return self.total
