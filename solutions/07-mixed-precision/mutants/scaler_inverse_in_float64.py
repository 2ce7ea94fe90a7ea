"""Gradients are multiplied by 1 / scale in float64 and rounded afterwards.

task: LossScaler
look: Chapter, step 5.
"""


class LossScaler(LossScaler):
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
            found = not all(np.isfinite(grad).all() for grad in grads)
        inverse = 1 / np.float64(self._scale)
        for grad in grads:
            grad[...] = grad.astype(np.float64) * inverse
        self._stage[id(optimizer)] = "unscaled"
        self._found[id(optimizer)] = found
