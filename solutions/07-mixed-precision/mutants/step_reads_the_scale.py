"""The scale is read with get_scale(), and nothing ever goes through scale().

task: mp_train_step
look: Chapter, step 6.
"""


def mp_train_step(
    params: list[Parameter],
    batches: Sequence[Any],
    backward: Backward,
    scaler: LossScaler,
    optimizer: Any,
    clip: float | None = None,
) -> float:
    if len(batches) == 0:
        raise ValueError("a step needs at least one batch")
    weights = [p.value.astype(np.float16) for p in params]
    for p in params:
        p.grad = None
    losses = []
    for batch in batches:
        loss, grads = backward(weights, batch, scaler.get_scale() / len(batches))
        losses.append(float(loss))
        for p, grad in zip(params, grads, strict=True):
            if grad is not None:
                wide = np.asarray(grad).astype(np.float32)
                p.grad = wide if p.grad is None else p.grad + wide
    scaler.unscale(optimizer)
    if clip is not None:
        clip_to(clip, [p.grad for p in params if p.grad is not None])
    scaler.step(optimizer)
    scaler.update()
    return sum(losses) / len(losses)
