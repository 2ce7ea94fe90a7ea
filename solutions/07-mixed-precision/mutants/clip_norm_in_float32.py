"""The squares are summed in float32, where they overflow.

task: mp_train_step
look: Chapter, step 6.
"""


def clip_to(clip: float, grads: list[np.ndarray]) -> None:
    norm = math.sqrt(sum(float(np.sum(g**2)) for g in grads))
    if norm > clip:
        for grad in grads:
            grad *= np.float32(clip / norm)
