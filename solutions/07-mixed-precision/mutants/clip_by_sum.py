"""The sum of sizes is taken for the norm.

task: mp_train_step
look: Chapter, step 6.
"""


def clip_to(clip: float, grads: list[np.ndarray]) -> None:
    norm = sum(float(np.sum(np.abs(np.float64(g)))) for g in grads)
    if norm > clip:
        for grad in grads:
            grad *= np.float32(clip / norm)
