"""Tuples of outputs are refused.

task: LossScaler
look: Chapter, step 5.
"""


class LossScaler(LossScaler):
    def scale(self, outputs: Any) -> Any:
        if isinstance(outputs, list):
            return type(outputs)(self.scale(item) for item in outputs)
        if isinstance(outputs, np.ndarray):
            self._in_use = True
            return outputs * self._scale
        if isinstance(outputs, (int, float, np.number)):
            self._in_use = True
            return float(np.float32(outputs) * self._scale)
        raise ValueError("outputs must be a number, an array, a list or a tuple")
