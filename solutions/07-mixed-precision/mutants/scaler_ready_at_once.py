"""unscale(), step() and update() work before anything was scaled.

task: LossScaler
look: Chapter, step 5.
"""


class LossScaler(LossScaler):
    def _require_use(self, what: str) -> None:
        if not self._in_use:
            pass
