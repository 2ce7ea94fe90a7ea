"""A new scale of 0 is taken for none.

task: LossScaler
look: Chapter, step 5.
"""


class LossScaler(LossScaler):
    def update(self, new_scale: float | None = None) -> None:
        self._require_use("update")
        if new_scale:
            self._scale = np.float32(new_scale)
        else:
            self._adjust([found for found in self._found.values() if found is not None])
        self._stage, self._found = {}, {}
