"""Two workers share a list of jobs, with one mistake. Find its schedule:

autograder explore course/05-thread-pool/slow.py
"""

import threading

jobs, done = [], []
changed = threading.Condition()  # a lock, and a place to sleep


def work():
    with changed:
        if not jobs:  # sleep; the lock is free meanwhile
            changed.wait()
        job = jobs.pop(0)
    done.append(job)


workers = []
for name in ("w1", "w2"):
    worker = threading.Thread(target=work, name=name)
    worker.start()
    workers.append(worker)
for job in ("A", "B"):
    with changed:
        jobs.append(job)
        changed.notify()
for worker in workers:
    worker.join()
