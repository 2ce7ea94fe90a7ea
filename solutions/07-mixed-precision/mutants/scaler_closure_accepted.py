"""A closure is accepted.

task: LossScaler
look: Chapter, step 5.
"""


class LossScaler(LossScaler):
    def step(self, optimizer: Any, *args: Any, **kwargs: Any) -> Any:
        if kwargs.get("closure"):
            raise RuntimeError("a closure would compute gradients that are not scaled")
        self._require_use("step")
        if self._stage.get(id(optimizer)) == "stepped":
            raise RuntimeError("step() was called already since the last update()")
        if id(optimizer) not in self._stage:
            self.unscale(optimizer)
        found = self._found[id(optimizer)]
        if found is None:
            raise AssertionError("this optimizer has no gradients to look at")
        result = None if found else optimizer.step(*args, **kwargs)
        self._stage[id(optimizer)] = "stepped"
        return result
