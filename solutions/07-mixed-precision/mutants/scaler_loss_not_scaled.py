"""scale() returns what it was given.

task: LossScaler
look: Chapter, step 5.
"""


class LossScaler(LossScaler):
    def scale(self, outputs: Any) -> Any:
        if isinstance(outputs, (list, tuple)):
            return type(outputs)(self.scale(item) for item in outputs)
        if isinstance(outputs, np.ndarray):
            self._in_use = True
            return outputs * np.float32(1)
        if isinstance(outputs, (int, float, np.number)):
            self._in_use = True
            return float(np.float32(outputs))
        raise ValueError("outputs must be a number, an array, a list or a tuple")
