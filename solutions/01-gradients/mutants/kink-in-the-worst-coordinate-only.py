"""Kinks are looked for in the worst coordinate only.

task: gradcheck
look: Chapter, step 6.
"""


def gradcheck(
    f: Function,
    g: Callable[[np.ndarray], np.ndarray],
    x: np.ndarray,
    rtol: float = 1e-5,
    atol: float = 1e-8,
) -> Report:
    x = point(x)
    claimed = np.asarray(g(x.copy()), dtype=np.float64)
    if claimed.shape != x.shape:
        raise ValueError(f"g returned shape {claimed.shape}, x has shape {x.shape}")
    numeric = gradient(f, x)
    size = np.maximum(np.abs(claimed), np.abs(numeric))
    allowed = atol + rtol * size
    finite = np.isfinite(claimed) & np.isfinite(numeric)
    ratio = np.full(x.shape, np.inf)
    ratio[finite] = np.abs(claimed - numeric)[finite] / allowed[finite]
    worst = int(np.argmax(ratio))
    abs_err = rel_err = math.inf
    if finite[worst]:
        abs_err = float(abs(claimed[worst] - numeric[worst]))
        rel_err = abs_err / float(size[worst]) if size[worst] > 0 else 0.0
    kinks = tuple(
        i for i in range(x.size) if i == worst and is_kink(f, x, i, allowed[i])
    )
    return Report(bool(ratio[worst] <= 1) and not kinks, worst, abs_err, rel_err, kinks)
