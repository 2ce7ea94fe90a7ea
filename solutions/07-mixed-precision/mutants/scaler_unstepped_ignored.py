"""An infinity counts only once its optimizer was stepped.

task: LossScaler
look: Chapter, step 5.
"""


class LossScaler(LossScaler):
    def update(self, new_scale: float | None = None) -> None:
        self._require_use("update")
        if new_scale is not None:
            self._scale = np.float32(new_scale)
        else:
            self._adjust(
                [
                    found
                    for k, found in self._found.items()
                    if found is not None and self._stage[k] == "stepped"
                ]
            )
        self._stage, self._found = {}, {}
