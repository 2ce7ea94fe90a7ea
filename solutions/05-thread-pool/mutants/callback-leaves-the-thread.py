"""A callback's SystemExit or KeyboardInterrupt leaves set_result.

task: Future
look: Chapter, step 4.
"""


class Future(Future):
    def _call(self, callback: Callable[["Future"], object]) -> None:
        try:
            callback(self)
        except Exception as error:
            self.callback_errors.append(error)
