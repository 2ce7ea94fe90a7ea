"""The scale is kept in float64: factors that are no power of two differ.

task: LossScaler
look: Chapter, step 5.
"""


class LossScaler(LossScaler):
    def _adjust(self, founds: list[bool]) -> None:
        if not founds:
            raise AssertionError("no gradient was looked at since the last update()")
        if any(founds):
            self._scale = np.float64(float(self._scale) * self._backoff)
            self._tracker = 0
            return
        self._tracker += 1
        if self._tracker == self._interval:
            grown = np.float64(float(self._scale) * self._growth)
            if np.isfinite(np.float32(grown)):
                self._scale = grown
            self._tracker = 0
