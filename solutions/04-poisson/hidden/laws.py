"""How samples are judged by their law, and where the generators come from.

Every comparison fails a right sampler with probability ALPHA at most, by a bound that
holds for every n: Dvoretzky, Kiefer and Wolfowitz (with Massart's constant) for shares,
Chernoff for totals. The seeds are fixed, so a submission gets one answer for ever.
`NOTES.md` counts the comparisons and says what they are sure to find.
"""

import math

import numpy as np

from autograder.student.testing import check

ALPHA = 1e-12
CONTRACT = "The contract in the docstring."
STEPS = [f"Chapter, step {k}." for k in range(10)]


def fresh(seed, skip=None):
    """Return a generator; with `skip`, one whose draw of that number is 0.0.

    PCG64 gives zero bits where its state is 0, so the state is put `skip` + 1 steps
    before that.
    """
    import numpy as np

    bits = np.random.PCG64(seed)
    if skip is not None:
        inner = bits.state
        inner["state"]["state"] = 0
        bits.state = inner
        bits.advance(2**128 - 1 - skip)
    return np.random.Generator(bits)


def generator(student, seed, skip=None):
    """Return a generator that lives beside the submission, as a handle."""
    return student.keep_function(fresh)(seed, skip)


def margin(n):
    """Return how far n independent draws let a share stray from its probability."""
    return math.sqrt(math.log(2 / ALPHA) / (2 * n))


def poisson_range(mean):
    """Return the least and the largest count that a Poisson mean explains."""

    def is_rare(count):
        gain = count * math.log(count / mean) if count else 0.0
        return gain - count + mean > math.log(2 / ALPHA)

    low = high = round(mean)
    while low >= 0 and not is_rare(low):
        low -= 1
    while not is_rare(high):
        high += 1
    return low + 1, high - 1


def mean_range(n):
    """Return the range of the mean of n exponential draws, in true means."""
    bound = math.log(2 / ALPHA) / n
    low, high = 1.0, 1.0
    while low - 1 - math.log(low) < bound:
        low -= 1e-4
    while high - 1 - math.log(high) < bound:
        high += 1e-4
    return low, high


def within(number, limits, where, look):
    """Check that a number of our own making lies in a range."""
    low, high = limits
    middle, half = (low + high) / 2, (high - low) / 2
    check.close(float(number), middle, atol=half, where=where, look=look)


def follows(sample, places, law, where, look):
    """Check the share of a sample up to each place against the law's."""
    shares = np.searchsorted(np.sort(sample), places, side="right") / len(sample)
    check.close(
        shares,
        law,
        atol=margin(len(sample)),
        where=where,
        look=look,
        axis_names=("at",),
    )


def share(good, n, probability, where, look):
    """Check how many of n independent cases were so, against the probability."""
    got = float(np.sum(good)) / n
    check.close(got, probability, atol=margin(n), where=where, look=look)


def floats(got, where, look=CONTRACT, size=None, double=False):
    """Check that an answer is a vector of finite floats; return it.

    Core tests take any dtype: float32 where float64 is asked is no lack of idea.
    """
    check.plain(got, where, look)
    evidence = f"got {check.show(got)}, expected a float64 array"
    good = isinstance(got, np.ndarray) and got.ndim == 1 and got.dtype.kind in "fi"
    check.true(good, where=where, evidence=evidence, look=look)
    if double:
        check.dtype(got, np.float64, where=where, look=look)
    if size is not None:
        check.shape(got, (size,), where=where, look=look)
    evidence = "an entry is NaN or infinite"
    finite = np.all(np.isfinite(got))
    check.true(finite, where=where, evidence=evidence, look=look)
    return got


def events(got, horizon, where, look=CONTRACT, exact=False):
    """Check that an answer is times in 0..horizon; return them in ascending order.

    Core tests sort them: `exact` asks for the order, and for float64.
    """
    times = floats(got, where, look, double=exact)
    if exact:
        good = bool(np.all(np.diff(times) >= 0))
        evidence = "the times are not ascending"
        check.true(good, where=where, evidence=evidence, look=look)
    inside = bool(np.all((times >= 0) & (times <= horizon)))
    evidence = "a time lies outside 0..horizon"
    check.true(inside, where=where, evidence=evidence, look=look)
    return np.sort(times)


def records(got, horizon, where, look=CONTRACT):
    """Check many records; return their counts, the counts of their first halves, and
    all times together."""
    for path in got:
        if not (isinstance(path, np.ndarray) and path.ndim == 1):
            events(path, horizon, where, look)  # it says what is wrong
    counts = np.array([path.size for path in got])
    times = np.concatenate(got)
    events(times, horizon, where, look)
    owner = np.repeat(np.arange(counts.size), counts)
    first = np.bincount(owner[times < horizon / 2], minlength=counts.size)
    return counts, first, times


def poisson_cdf(top, mean):
    """Return P(N <= k) for k from 0 to top, by adding terms up."""
    terms = [math.exp(-mean)]
    for k in range(1, top + 1):
        terms.append(terms[-1] * mean / k)
    return np.cumsum(terms)


def poisson_between(low, high, mean):
    """Return P(low <= N <= high), by logarithms: exp(-mean) may underflow."""
    log = math.log(mean)
    return math.fsum(
        math.exp(k * log - mean - math.lgamma(k + 1)) for k in range(low, high + 1)
    )


def numbers(got, n, where, look=CONTRACT):
    """Check that an answer is a tuple of n floats; core tests take a list as well."""
    check.plain(got, where, look)
    kinds = (tuple,) if look is CONTRACT else (tuple, list)
    good = type(got) in kinds and len(got) == n
    good = good and all(isinstance(part, float) for part in got)
    evidence = f"got {check.show(got)}, expected a tuple of {n} floats"
    check.true(good, where=where, evidence=evidence, look=look)


def number(got, where, look=CONTRACT):
    """Check that an answer is one float."""
    check.plain(got, where, look)
    evidence = f"got {check.show(got)}, expected a float"
    check.true(isinstance(got, float), where=where, evidence=evidence, look=look)


def rewound(lesson, name, seed, args):
    """Return the answers to two calls that meet the same state of one rng."""
    import numpy as np

    rng = np.random.default_rng(seed)
    state = rng.bit_generator.state
    one = getattr(lesson, name)(rng, *args)
    rng.bit_generator.state = state
    return one, getattr(lesson, name)(rng, *args)


def kept(student, name, arrays, *rest):
    """Call a function and check that the arrays it was given are as before."""
    given = [student.keep(array) for array in arrays]
    getattr(student, name)(*given, *rest)
    for handle, before in zip(given, arrays, strict=True):
        where = f"{name}: its argument afterwards"
        check.unchanged(student.fetch(handle), before, where=where, look=CONTRACT)


def refuses(student, name, kind, *args):
    """Check that a call raises ValueError."""
    where = f"{name} with {kind}"
    check.raises(ValueError, getattr(student, name), *args, where=where, look=CONTRACT)
