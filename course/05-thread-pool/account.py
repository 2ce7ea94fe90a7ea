"""A class for several threads, whole: two tests, so two conditions on one lock.

autograder explore course/05-thread-pool/account.py
"""

import threading


class Account:
    """Money between 0 and a limit."""

    def __init__(self, limit):
        self._limit, self._money = limit, 0
        self._lock = threading.Lock()
        self._more = threading.Condition(self._lock)  # for those who wait for money
        self._less = threading.Condition(self._lock)  # for those who wait for room

    def pay_in(self, euros, timeout=None):
        with self._lock:
            # Sleeps until the test holds, or the time is up; gives the test's value.
            able = self._less.wait_for(
                lambda: self._money + euros <= self._limit, timeout
            )
            if not able:
                raise TimeoutError("no room in time")
            self._money += euros
            self._more.notify_all()  # all: one payment may be enough for several

    def pay_out(self, euros):
        with self._lock:
            while self._money < euros:  # the same loop, written out, without a timeout
                self._more.wait()
            self._money -= euros
            self._less.notify_all()


account = Account(5)
takers = [threading.Thread(target=account.pay_out, args=(n,)) for n in (1, 3)]
for taker in takers:
    taker.start()
account.pay_in(4)
account.pay_in(4, timeout=60)
for taker in takers:
    taker.join()
assert account._money == 4
