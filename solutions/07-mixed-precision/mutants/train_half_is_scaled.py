"""The float16 recipe scales its loss.

task: train
look: Chapter, step 8.
"""


def train(
    recipe: str,
    weights: Sequence[np.ndarray],
    backward: Backward,
    batches: Sequence[Any],
    lr: float,
    *,
    init: float = 2.0**16,
    interval: int = 2000,
) -> Run:
    if recipe not in ("float32", "float16", "mixed"):
        raise ValueError(f"unknown recipe {recipe!r}")
    dtype = np.float16 if recipe == "float16" else np.float32
    params = [Parameter(np.asarray(w).astype(dtype)) for w in weights]
    optimizer = CountedSGD(params, lr)
    scaler = LossScaler(init=init, interval=interval)
    losses, scales = [], []
    for batch in batches:
        if recipe != "float32":
            loss = mp_train_step(params, [batch], backward, scaler, optimizer)
        else:
            loss, grads = backward([p.value for p in params], batch, 1.0)
            for p, grad in zip(params, grads, strict=True):
                p.grad = grad
            optimizer.step()
        losses.append(float(loss))
        scales.append(scaler.get_scale() if recipe == "mixed" else 1.0)
    skipped = len(losses) - optimizer.steps
    return Run(losses, scales, skipped, [p.value for p in params])
