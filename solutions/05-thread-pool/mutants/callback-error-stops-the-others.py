"""A callback that raises keeps the callbacks after it from running.

task: Future
look: Chapter, step 4.
"""


class Future(Future):
    def _call_back(self):
        try:
            for callback in self._callbacks:
                callback(self)
        except BaseException as error:
            self.callback_errors.append(error)
