"""result raises a copy of the exception, not the very object.

task: Future
look: Chapter, step 4.
"""


class Future(Future):
    def result(self, timeout: float | None = None) -> Any:
        """Wait until it is done, and return its value or raise its exception."""
        error = self.exception(timeout)
        if error is not None:
            raise type(error)(*error.args)
        return self._value
