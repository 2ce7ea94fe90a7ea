"""The largest value is taken for the norm.

task: mp_train_step
look: Chapter, step 6.
"""


def clip_to(clip: float, grads: list[np.ndarray]) -> None:
    norm = max((float(np.max(np.abs(g))) for g in grads), default=0.0)
    if norm > clip:
        for grad in grads:
            grad *= np.float32(clip / norm)
