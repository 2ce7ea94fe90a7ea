"""A pool with the rules of Java's ThreadPoolExecutor: one lock, two conditions."""

import threading
from collections import deque


class Cancelled(Exception):
    """The task was cancelled before it ran."""


class Rejected(Exception):
    """The pool takes no more tasks."""


class Future:
    """What a task will give."""

    def __init__(self):
        self.changed = threading.Condition()
        self.state = "pending"
        self.value = self.error = None
        self.callbacks = []

    def start(self):
        with self.changed:
            if self.state != "pending":
                return False
            self.state = "running"
            return True

    def cancel(self):
        with self.changed:
            if self.state != "pending":
                return self.state == "cancelled"
            self.state = "cancelled"
            callbacks, self.callbacks = self.callbacks, []
            self.changed.notify_all()
        self.call(callbacks)
        return True

    def finish(self, value, error):
        with self.changed:
            self.value, self.error = value, error
            self.state = "done"
            callbacks, self.callbacks = self.callbacks, []
            self.changed.notify_all()
        self.call(callbacks)

    def call(self, callbacks):
        for callback in callbacks:
            callback(self)

    def add_done_callback(self, callback):
        with self.changed:
            if self.state in ("pending", "running"):
                self.callbacks.append(callback)
                return
        callback(self)

    def result(self):
        with self.changed:
            while self.state in ("pending", "running"):
                self.changed.wait()
        if self.state == "cancelled":
            raise Cancelled
        if self.error is not None:
            raise self.error
        return self.value


class Pool:
    """Threads that run tasks: core, then the queue, then more, then the policy."""

    def __init__(self, core, maximum, room=0, keep_alive=None, policy="abort"):
        self.core, self.maximum, self.room = core, maximum, room
        self.keep_alive, self.policy = keep_alive, policy
        self.lock = threading.Lock()
        self.work = threading.Condition(self.lock)
        self.ended = threading.Condition(self.lock)
        self.queue = deque()
        self.size = self.largest = self.completed = 0
        self.stopping = False

    def submit(self, job):
        task = (Future(), job)
        mine = False
        with self.lock:
            if self.stopping:
                if self.policy == "abort":
                    raise Rejected
            elif self.size < self.core:
                self.hire(task)
            elif len(self.queue) < self.room:
                self.queue.append(task)
                self.work.notify()
                if self.size == 0:  # no core: somebody must come all the same
                    self.hire(None)
            elif self.size < self.maximum:
                self.hire(task)
            elif self.policy == "abort":
                raise Rejected
            elif self.policy == "oldest":
                self.queue.popleft()
                self.queue.append(task)
            else:
                mine = self.policy == "caller"
        if mine:
            self.run(task)
        return task[0]

    def hire(self, task):
        self.size += 1
        self.largest = max(self.largest, self.size)
        threading.Thread(target=self.labour, args=(task,)).start()

    def labour(self, task):
        if task is None:
            task = self.next_task(done=0)
        while task is not None:
            self.run(task)
            task = self.next_task(done=1)

    def run(self, task):
        future, job = task
        if not future.start():
            return
        try:
            value, error = job(), None
        except Exception as raised:
            value, error = None, raised
        future.finish(value, error)

    def next_task(self, done):
        with self.lock:
            self.completed += done
            while not self.queue:
                if self.stopping:
                    return self.leave()
                patience = self.keep_alive if self.size > self.core else None
                late = not self.work.wait(patience)
                if late and not self.queue and self.size > self.core:
                    return self.leave()
            return self.queue.popleft()

    def leave(self):
        self.size -= 1
        self.ended.notify_all()

    def shutdown(self):
        with self.lock:
            self.stopping = True
            self.work.notify_all()

    def shutdown_now(self):
        with self.lock:
            self.stopping = True
            left = [job for _, job in self.queue]
            self.queue.clear()
            self.work.notify_all()
        return left

    def await_termination(self):
        with self.lock:
            while self.size:
                self.ended.wait()
