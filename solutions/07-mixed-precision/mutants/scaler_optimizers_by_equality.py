"""Optimizers that compare equal are taken for one.

task: LossScaler
look: Chapter, step 5.
"""


class LossScaler(LossScaler):
    def unscale(self, optimizer: Any) -> None:
        self._require_use("unscale")
        if optimizer in self._stage:
            stage = self._stage[optimizer]
            raise RuntimeError(f"this optimizer is {stage} already since update()")
        grads = [p.grad for p in optimizer.params if p.grad is not None]
        if any(grad.dtype == np.float16 for grad in grads):
            raise ValueError("attempting to unscale float16 gradients")
        found = None
        if grads:
            found = not all(np.isfinite(grad).all() for grad in grads)
        inverse = np.float32(1 / np.float64(self._scale))
        for grad in grads:
            grad *= inverse
        self._stage[optimizer] = "unscaled"
        self._found[optimizer] = found

    def step(self, optimizer: Any, *args: Any, **kwargs: Any) -> Any:
        if "closure" in kwargs:
            raise RuntimeError("a closure would compute gradients that are not scaled")
        self._require_use("step")
        if self._stage.get(optimizer) == "stepped":
            raise RuntimeError("step() was called already since the last update()")
        if optimizer not in self._stage:
            self.unscale(optimizer)
        found = self._found[optimizer]
        if found is None:
            raise AssertionError("this optimizer has no gradients to look at")
        result = None if found else optimizer.step(*args, **kwargs)
        self._stage[optimizer] = "stepped"
        return result
