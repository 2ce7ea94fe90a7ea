"""A new scale is ignored.

task: LossScaler
look: Chapter, step 5.
"""


class LossScaler(LossScaler):
    def update(self, new_scale: float | None = None) -> None:
        self._require_use("update")
        if False:
            self._scale = np.float32(new_scale)
        else:
            self._adjust([found for found in self._found.values() if found is not None])
        self._stage, self._found = {}, {}
