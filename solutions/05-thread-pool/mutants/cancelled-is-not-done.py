"""done() is False for a cancelled future.

task: Future
look: Chapter, step 4.
"""


class Future(Future):
    def done(self):
        with self._settled:
            return self._state == FINISHED
