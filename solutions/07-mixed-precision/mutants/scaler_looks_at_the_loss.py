"""Only the loss is looked at: infinite gradients go unnoticed.

task: LossScaler
look: Chapter, step 5.
"""


class LossScaler(LossScaler):
    def scale(self, outputs: Any) -> Any:
        if isinstance(outputs, (list, tuple)):
            return type(outputs)(self.scale(item) for item in outputs)
        if isinstance(outputs, np.ndarray):
            self._in_use = True
            return outputs * self._scale
        if isinstance(outputs, (int, float, np.number)):
            self._in_use = True
            scaled = float(np.float32(outputs) * self._scale)
            self._loss_is_bad = not math.isfinite(scaled)
            return scaled
        raise ValueError("outputs must be a number, an array, a list or a tuple")

    def unscale(self, optimizer: Any) -> None:
        self._require_use("unscale")
        if id(optimizer) in self._stage:
            stage = self._stage[id(optimizer)]
            raise RuntimeError(f"this optimizer is {stage} already since update()")
        grads = [p.grad for p in optimizer.params if p.grad is not None]
        if any(grad.dtype == np.float16 for grad in grads):
            raise ValueError("attempting to unscale float16 gradients")
        found = None
        if grads:
            found = getattr(self, "_loss_is_bad", False)
        inverse = np.float32(1 / np.float64(self._scale))
        for grad in grads:
            grad *= inverse
        self._stage[id(optimizer)] = "unscaled"
        self._found[id(optimizer)] = found
