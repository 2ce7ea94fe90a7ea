"""Seeded bugs: small changes of the pools in `pools/`, and the scenario that shows each.

The changes quote lines of those files, which is why some lines here are long.
"""

# ruff: noqa: E501

from dataclasses import dataclass, field

from pool_scenarios import (
    POOLS,
    all_run,
    callback_asks_back,
    caller,
    cancelled,
    closing,
    drains,
    idle_and_busy,
    idle_core,
    late_submit,
    now,
    oldest,
    order,
    tasks_end,
    two_clients,
    two_waiters,
)

from autograder.student.lab.schedule import Program


@dataclass(frozen=True)
class Bug:
    """A change of a pool that is right, and the scenario that shows it."""

    scenario: object
    changes: dict[str, str]
    pool: str = "conditions"
    options: dict[str, object] = field(default_factory=dict)

    @property
    def program(self):
        source = POOLS[self.pool]
        for old, new in self.changes.items():
            assert old in source, old
            source = source.replace(old, new)
        return Program([(f"{self.pool}.py", source)])


SPURIOUS, HASTY = {"spurious": True}, {"hasty": True}
CLAIM = """        with self.changed:
            if self.state != "pending":
                return False
            self.state = "running"
            return True"""
SMALL = "            elif self.size < self.core:\n                self.hire(task)\n"
QUEUED = """            elif len(self.queue) < self.room:
                self.queue.append(task)
                self.work.notify()
                if self.size == 0:  # no core: somebody must come all the same
                    self.hire(None)
"""
MORE = "            elif self.size < self.maximum:\n                self.hire(task)\n"
LATE = "                if late and not self.queue and self.size > self.core:"
FINISH = """            callbacks, self.callbacks = self.callbacks, []
            self.changed.notify_all()
        self.call(callbacks)

    def call"""
ADD = """        with self.changed:
            if self.state in ("pending", "running"):
                self.callbacks.append(callback)
                return
"""
STEAL = """    def steal(self):
        with self.lock:
            return self.tasks.popleft() if self.tasks else None"""

#: The mistakes that lesson 05 lists.
LISTED = {
    "a worker waits under if": Bug(
        drains,
        {"            while not self.queue:\n": "            if not self.queue:\n"},
        options=SPURIOUS,
    ),
    "a result waits under if": Bug(
        two_clients,
        {'while self.state in ("pending", "running"):': 'if self.state != "done":'},
        options=SPURIOUS,
    ),
    "shutdown wakes one worker": Bug(
        drains,
        {
            "self.stopping = True\n            self.work.notify_all()\n\n    def shutdown_"
            "now": "self.stopping = True\n            self.work.notify()\n\n    def "
            "shutdown_now"
        },
    ),
    "a future wakes one waiter": Bug(
        cancelled, {"self.changed.notify_all()": "self.changed.notify()"}
    ),
    "the size is looked at outside the lock": Bug(
        two_clients,
        {
            "        mine = False\n        with": "        mine = False\n        with "
            "self.lock:\n            small = self.size < self.core\n        with",
            SMALL: SMALL.replace("self.size < self.core", "small"),
        },
    ),
    "cancel races with start": Bug(
        cancelled,
        {
            CLAIM: """        if self.state != "pending":
            return False
        with self.changed:
            self.state = "running"
            return True"""
        },
    ),
    "a worker leaves while tasks wait": Bug(
        drains, {"while not self.queue:": "while self.stopping or not self.queue:"}
    ),
    "nobody is told of a task": Bug(
        two_clients, {"                self.work.notify()\n": ""}
    ),
    "more threads come before the queue": Bug(order, {QUEUED + MORE: MORE + QUEUED}),
    "the newest is discarded": Bug(
        oldest, {"self.queue.popleft()\n": "self.queue.pop()\n"}
    ),
    "the caller runs after shutdown": Bug(
        caller,
        {
            "                    raise Rejected\n            elif self.size < self.core": ""
            "                    raise Rejected\n                mine = True\n"
            "            elif self.size < self.core"
        },
    ),
    "callbacks run under the lock": Bug(
        callback_asks_back,
        {
            FINISH: FINISH.replace(
                "        self.call(callbacks)", "            self.call(callbacks)"
            )
        },
    ),
    "termination is awaited before notify": Bug(
        drains,
        {
            "            self.stopping = True\n            self.work.notify_all()\n\n"
            "    def shutdown_now": "            self.stopping = True\n"
            "            while self.size:\n                self.ended.wait()\n"
            "            self.work.notify_all()\n\n    def shutdown_now"
        },
    ),
    "keep-alive ends core threads": Bug(
        idle_core,
        {
            "self.keep_alive if self.size > self.core else None": "self.keep_alive",
            LATE: "                if late and not self.queue:",
        },
        options=HASTY,
    ),
    "two locks in opposite orders": Bug(
        cancelled,
        {
            "        if not future.start():": "        with future.changed, self.lock:\n"
            "            self.active = future\n        if not future.start():",
            "            self.completed += done\n": "            self.completed += done\n"
            "            for other, _ in self.queue:\n"
            "                with other.changed:\n                    pass\n",
            "        if mine:\n": "        with self.lock, task[0].changed:\n"
            "            self.last = task\n        if mine:\n",
        },
    ),
}
#: Further ones.
FURTHER = {
    "an exception ends its worker": Bug(
        drains,
        {"            value, error = None, raised\n": "            raise\n"},
    ),
    "done before the value is there": Bug(
        two_clients,
        {
            "            self.value, self.error = value, error\n"
            '            self.state = "done"\n': '            self.state = "done"\n',
            "        self.call(callbacks)\n\n    def call": "        self.value, "
            "self.error = value, error\n        self.call(callbacks)\n\n    def call",
        },
        options={"watched": ["Future"]},
    ),
    "a late worker leaves without another look": Bug(
        idle_and_busy,
        {LATE: "                if late and self.size > self.core:"},
        options={**HASTY, "bound": 3},
    ),
    "shutdown_now lets idle workers sleep": Bug(
        now,
        {
            "            self.queue.clear()\n            self.work.notify_all()\n": ""
            "            self.queue.clear()\n"
        },
    ),
    "shutdown_now forgets to empty the queue": Bug(
        now, {"            self.queue.clear()\n": ""}
    ),
    "cancel tells nobody": Bug(
        cancelled,
        {
            '            self.state = "cancelled"\n            callbacks, self.callbacks = '
            "self.callbacks, []\n            self.changed.notify_all()\n": ""
            '            self.state = "cancelled"\n            callbacks, self.callbacks = '
            "self.callbacks, []\n"
        },
    ),
    "stopping is looked at outside the lock": Bug(
        late_submit,
        {
            "        with self.lock:\n            if self.stopping:\n": "        stopping ="
            " self.stopping\n        with self.lock:\n            if stopping:\n"
        },
    ),
    "a callback comes too late": Bug(
        cancelled,
        {
            ADD: """        waiting = self.state in ("pending", "running")
        with self.changed:
            if waiting:
                self.callbacks.append(callback)
                return
"""
        },
    ),
    "a worker counts itself out without the lock": Bug(
        drains,
        {
            "                    return self.leave()\n                patience": ""
            "                    break\n                patience",
            "            return self.queue.popleft()\n": "            if self.queue:\n"
            "                return self.queue.popleft()\n        size = self.size\n"
            "        with self.lock:\n            self.size = size - 1\n"
            "            self.ended.notify_all()\n",
        },
    ),
    "the last to leave wakes one who waits": Bug(
        drains,
        {
            "        self.size -= 1\n        self.ended.notify_all()\n": ""
            "        self.size -= 1\n        self.work.notify_all()\n"
        },
    ),
    "one sentinel for all workers": Bug(
        all_run,
        {
            "        for _ in self.threads:\n            self.tasks.put(None)": ""
            "        self.tasks.put(None)"
        },
        pool="sentinels",
    ),
    "the gate is shut after the sentinels": Bug(
        closing,
        {
            "            self.open = False\n        for _ in self.threads:\n"
            "            self.tasks.put(None)\n": "            pass\n"
            "        for _ in self.threads:\n            self.tasks.put(None)\n"
            "        with self.gate:\n            self.open = False\n"
        },
        pool="sentinels",
    ),
    "done is not reported after a failure": Bug(
        tasks_end,
        {
            "                self.run(*task)\n            finally:\n                "
            "self.tasks.task_done()": "                self.run(*task)\n            finally:"
            "\n                if task and not task[0].answer[1]:\n                    "
            "self.tasks.task_done()"
        },
        pool="sentinels",
    ),
    "ready before the answer is there": Bug(
        two_waiters,
        {
            "        self.answer = (value, error)\n        self.ready.set()\n": ""
            "        self.ready.set()\n        self.answer = (value, error)\n"
        },
        pool="sentinels",
        options={"watched": ["Future"]},
    ),
    "an answer for one waiter": Bug(
        two_waiters,
        {
            "        with self.pending:  # and so on to the next who waits\n"
            "            pass\n": "        self.pending.acquire()\n"
        },
        pool="stealing",
    ),
    "a thief looks before it locks": Bug(
        all_run,
        {
            STEAL: """    def steal(self):
        if not self.tasks:
            return None
        with self.lock:
            return self.tasks.popleft()"""
        },
        pool="stealing",
    ),
    "a thief looks first and takes later": Bug(
        all_run,
        {
            STEAL: """    def steal(self):
        with self.lock:
            task = self.tasks[0] if self.tasks else None
        if task is not None:
            with self.lock:
                self.tasks.popleft()
        return task"""
        },
        pool="stealing",
    ),
    "too few permits at the end": Bug(
        all_run,
        {"release(len(self.boxes))": "release()"},
        pool="stealing",
    ),
}
BUGS = {**LISTED, **FURTHER}
