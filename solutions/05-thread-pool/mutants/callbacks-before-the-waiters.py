"""Callbacks run before the threads that wait are woken.

task: Future
look: Chapter, step 4.
"""


class Future(Future):
    def _settle(self, state, value, error):
        with self._settled:
            if self._is_done():
                raise InvalidState(f"set a future that is {self._state}")
            self._state, self._value, self._error = state, value, error
        self._call_back()
        with self._settled:
            self._settled.notify_all()
