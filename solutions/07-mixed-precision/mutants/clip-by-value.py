"""Values are clipped one by one instead of the norm.

task: mp_train_step
severity: idea
look: Chapter, step 6.
"""


def clip_to(clip: float, grads: list[np.ndarray]) -> None:
    for grad in grads:
        np.clip(grad, -clip, clip, out=grad)
