"""An outcome is accepted after cancel.

task: Future
look: Chapter, step 4.
"""


class Future(Future):
    def _settle(self, state: str, value: Any, error: BaseException | None) -> None:
        with self._settled:
            if self._state == FINISHED:
                raise InvalidState("done")
            self._state, self._value, self._error = state, value, error
            self._settled.notify_all()
        self._call_back()
