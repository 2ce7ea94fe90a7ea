"""A pool on `queue.Queue`: as many workers as asked for, one sentinel for each."""

import queue
import threading


class Rejected(Exception):
    """The pool takes no more tasks."""


class Future:
    """What a task will give: an answer on a queue of one."""

    def __init__(self):
        self.ready = threading.Event()
        self.answer = None

    def finish(self, value, error):
        self.answer = (value, error)
        self.ready.set()

    def result(self):
        self.ready.wait()
        value, error = self.answer
        if error is not None:
            raise error
        return value


class Pool:
    """Workers that take tasks from one queue until they take a sentinel."""

    def __init__(self, workers, room=0):
        self.tasks = queue.Queue(room)
        self.gate = threading.Lock()
        self.open = True
        self.threads = [
            threading.Thread(target=self.labour, daemon=True) for _ in range(workers)
        ]
        for thread in self.threads:
            thread.start()

    def submit(self, job):
        future = Future()
        with self.gate:
            if not self.open:
                raise Rejected
            self.tasks.put((future, job))
        return future

    def labour(self):
        while True:
            task = self.tasks.get()
            try:
                if task is None:
                    return
                self.run(*task)
            finally:
                self.tasks.task_done()

    def run(self, future, job):
        try:
            value, error = job(), None
        except Exception as raised:
            value, error = None, raised
        future.finish(value, error)

    def shutdown(self):
        with self.gate:
            if not self.open:
                return
            self.open = False
        for _ in self.threads:
            self.tasks.put(None)

    def await_termination(self):
        for thread in self.threads:
            thread.join()

    def await_tasks(self):
        self.tasks.join()
