"""What a callback raises is dropped: callback_errors stays empty.

task: Future
look: Chapter, step 4.
"""


class Future(Future):
    def _call(self, callback: Callable[["Future"], object]) -> None:
        try:
            callback(self)
        except BaseException as error:
            del error
