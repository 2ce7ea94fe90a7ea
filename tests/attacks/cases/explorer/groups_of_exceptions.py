"""Use a construct that is not on the list.

task: Counter
verdict: wrong | crash
"""


class Counter:
    total = 0

    def add(self, n):
        try:
            Counter.total += n
        except* ValueError:
            pass
        return Counter.total
