"""The first scale is kept as it was given, not rounded to float32.

task: LossScaler
look: Chapter, step 5.
"""


class LossScaler(LossScaler):
    def __init__(
        self,
        init: float = 2.0**16,
        growth: float = 2.0,
        backoff: float = 0.5,
        interval: int = 2000,
    ) -> None:
        if growth <= 1:
            raise AssertionError("the growth factor must be greater than 1")
        if backoff >= 1:
            raise AssertionError("the backoff factor must be less than 1")
        self._scale = np.float64(init)
        self._growth, self._backoff = growth, backoff
        self._interval, self._tracker = interval, 0
        self._in_use = False
        self._stage: dict[int, str] = {}
        self._found: dict[int, bool | None] = {}
