"""y is not rounded to the dtype.

task: accumulate
look: Chapter, step 3.
"""


def accumulate(xs: Sequence[float], dtype: str, how: str) -> float:
    if dtype not in ROUND or how not in ("naive", "pairwise", "kahan", "fp32"):
        raise ValueError(f"unknown dtype {dtype!r} or way {how!r}")

    def near(x: float) -> np.float32:
        return np.float32(ROUND[dtype](x))

    values = [near(x) for x in xs]
    total = correction = np.float32(0)
    if how == "pairwise":
        return float(halves(values, near)) if values else 0.0
    for x in values:
        if how == "fp32":
            total = total + x
        elif how == "naive":
            total = near(total + x)
        else:
            y = x - correction
            bigger = near(total + y)
            correction = near(near(bigger - total) - y)
            total = bigger
    return float(total)
