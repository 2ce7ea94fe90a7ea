"""The programs that the figure replays, each with a `state()` that reads its books.

`state` is kept apart, so that lines of a story are lines of the program. It reads the
attributes of watched objects through `vars`: that is no step.
"""

#: x += 1 by two threads, its loads and stores visible.
LOST = """
import threading
from autograder.lab.schedule import watch

class Counter:
    def __init__(self):
        self.x = 0

counter = watch(Counter())

def add():
    register = counter.x
    register = register + 1
    counter.x = register

threads = [threading.Thread(target=add, name=name) for name in "AB"]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
assert counter.x == 2, "x is 1, not 2"
"""

LOST_STATE = """
def state():
    return {"facts": [["x", str(vars(counter)["x"])]] if "counter" in globals() else []}
"""

STOLEN_STATE = """
def state():
    names = globals()
    return {"queue": list(names.get("jobs", [])),
            "facts": [["done", " ".join(names.get("done", [])) or "nothing"]]}
"""

#: A pool that looks at its size before it takes the lock.
GROW = """
import threading
from autograder.lab.schedule import watch

class Pool:
    def __init__(self, core):
        self.core, self.size = core, 0
        self.lock = threading.Lock()

    def submit(self):
        if self.size < 1:
            with self.lock:
                self.size += 1
                assert self.size <= 1, "2 workers, where core is 1"

pool = watch(Pool(1))
threads = [threading.Thread(target=pool.submit, name=name) for name in "AB"]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
"""

GROW_STATE = """
def state():
    if "pool" not in globals():
        return {"facts": []}
    size = vars(pool)["size"]
    return {"facts": [["core", "1"], ["workers counted", str(size), size > 1]]}
"""

#: Two locks, taken in both orders.
LOCKS = """
import threading

queue_lock, pool_lock = threading.Lock(), threading.Lock()
queue_lock._lab_label, pool_lock._lab_label = "queue_lock", "pool_lock"

def submit():
    with pool_lock:
        with queue_lock:
            pass

def leave():
    with queue_lock:
        with pool_lock:
            pass

threads = [threading.Thread(target=submit, name="A"),
           threading.Thread(target=leave, name="B")]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
"""

#: A task waits for another task of its own pool of one worker.
NEST = """
pool = ThreadPool(1, 1)
books = {}

def inner():
    return 42

def outer():
    books["w1"] = "outer"
    return pool.submit(inner).result()

pool.submit(outer).result()
"""

NEST_STATE = """
def state():
    names = globals()
    if "books" not in names:
        return {"queue": []}
    return {"queue": ["inner" for _ in pool._queue], "doing": dict(books)}
"""

#: Nine tasks of 20 seconds, one a second, on a pool called `pool`. The clock is the
#: explorer's: it moves only while everybody waits.
NINE = """
def job(name):
    def task():
        me = threading.current_thread().name
        doing[me] = name
        started.append(name)
        note(f"run {name}")
        time.sleep(20)
        note(f"end {name}")
        del doing[me]
    task.name = name
    return task

doing, started, refused = {}, [], []
for number in range(1, 10):
    name = f"t{number}"
    try:
        pool.execute(job(name))
    except Rejected:
        refused.append(name)
        note("refused")
    time.sleep(1)
pool.shutdown()
pool.await_termination()
"""

NINE_STATE = """
def state():
    if "refused" not in globals():
        return {"queue": [], "pool": 0, "started": [], "facts": []}
    return {
        "queue": [task.name for task in pool._queue],
        "pool": pool._size,
        "started": list(started),
        "doing": {name.replace("worker-", "w"): job for name, job in doing.items()},
        "facts": [["refused", " ".join(refused) or "none"]],
    }
"""

JAVA = """
pool = ThreadPool(2, 4, capacity=3)
"""

#: The rules of concurrent.futures: a queue without bound, and a new thread, up to the
#: maximum, where no worker is idle.
PYTHON = """
class FuturesPool:
    def __init__(self, maximum):
        self._maximum, self._size, self._idle = maximum, 0, 0
        self._queue, self._shut = deque(), False
        self._changed = threading.Condition(threading.Lock())

    def execute(self, task):
        with self._changed:
            self._queue.append(task)
            if self._idle:
                self._changed.notify()
            elif self._size < self._maximum:
                self._size += 1
                name = f"worker-{self._size}"
                threading.Thread(target=self._work, name=name).start()

    def _work(self):
        while True:
            with self._changed:
                while not self._queue and not self._shut:
                    self._idle += 1
                    self._changed.wait()
                    self._idle -= 1
                if not self._queue:
                    self._size -= 1
                    self._changed.notify_all()
                    return
                task = self._queue.popleft()
            task()

    def shutdown(self):
        with self._changed:
            self._shut = True
            self._changed.notify_all()

    def await_termination(self):
        with self._changed:
            while self._size:
                self._changed.wait()

pool = FuturesPool(4)
"""
