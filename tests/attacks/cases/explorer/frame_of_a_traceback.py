"""Walk up the frames from an exception.

task: Counter
verdict: wrong | crash
"""


class Counter:
    def __init__(self):
        self.total = 0
        try:
            _ = 1 / 0
        except ZeroDivisionError as error:
            frame = error.__traceback__.tb_frame
            while frame.f_back is not None:
                frame = frame.f_back

    def add(self, n):
        total = self.total
        self.total = total + n
        return self.total
