"""The square of the norm is compared, without the root.

task: mp_train_step
look: Chapter, step 6.
"""


def clip_to(clip: float, grads: list[np.ndarray]) -> None:
    norm = sum(float(np.sum(np.float64(g) ** 2)) for g in grads)
    if norm > clip:
        for grad in grads:
            grad *= np.float32(clip / norm)
