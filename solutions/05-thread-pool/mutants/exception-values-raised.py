"""A value that is an exception is raised by result.

task: Future
look: Chapter, step 4.
"""


class Future(Future):
    def result(self, timeout: float | None = None) -> Any:
        """Wait until it is done, and return its value or raise its exception."""
        error = self.exception(timeout)
        if error is not None:
            raise error
        if isinstance(self._value, BaseException):
            raise self._value
        return self._value
