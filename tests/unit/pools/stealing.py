"""A pool in which each worker has a mailbox, and idle workers steal from the others.

A semaphore counts the tasks that nobody has claimed: who acquires it is sure to find
one in some mailbox, unless the pool is closing.
"""

import threading
from collections import deque


class Rejected(Exception):
    """The pool takes no more tasks."""


class Future:
    """What a task will give; a lock that is held until then."""

    def __init__(self):
        self.pending = threading.Semaphore(0)
        self.value = self.error = None

    def finish(self, value, error):
        self.value, self.error = value, error
        self.pending.release()

    def result(self):
        with self.pending:  # and so on to the next who waits
            pass
        if self.error is not None:
            raise self.error
        return self.value


class Mailbox:
    """The tasks of one worker: its owner takes the newest, a thief the oldest."""

    def __init__(self):
        self.lock = threading.Lock()
        self.tasks = deque()

    def put(self, task):
        with self.lock:
            self.tasks.append(task)

    def take(self):
        with self.lock:
            return self.tasks.pop() if self.tasks else None

    def steal(self):
        with self.lock:
            return self.tasks.popleft() if self.tasks else None


class Pool:
    """Workers with a mailbox each."""

    def __init__(self, workers):
        self.boxes = [Mailbox() for _ in range(workers)]
        self.unclaimed = threading.Semaphore(0)
        self.lock = threading.Lock()
        self.open = True
        self.turn = 0
        self.threads = [
            threading.Thread(target=self.labour, args=(n,)) for n in range(workers)
        ]
        for thread in self.threads:
            thread.start()

    def submit(self, job):
        future = Future()
        with self.lock:
            if not self.open:
                raise Rejected
            self.turn = (self.turn + 1) % len(self.boxes)
            self.boxes[self.turn].put((future, job))
            self.unclaimed.release()
        return future

    def find(self, me):
        task = self.boxes[me].take()
        for step in range(1, len(self.boxes)):
            if task is not None:
                break
            task = self.boxes[(me + step) % len(self.boxes)].steal()
        return task

    def labour(self, me):
        while True:
            self.unclaimed.acquire()
            task = self.find(me)
            while task is None:
                with self.lock:
                    closed = not self.open
                task = self.find(me)  # others may have moved on past ours
                if task is None and closed:
                    return
            self.run(*task)

    def run(self, future, job):
        try:
            value, error = job(), None
        except Exception as raised:
            value, error = None, raised
        future.finish(value, error)

    def shutdown(self):
        with self.lock:
            self.open = False
        self.unclaimed.release(len(self.boxes))

    def await_termination(self):
        for thread in self.threads:
            thread.join()
