"""Try the counts of the hidden tests on right samplers with other seeds.

`python trials.py RUNS [FILE [WALKS [FIRST]]]` prints how many of RUNS samples are
refused, and how close the worst count came to the limit: first of `simulate`, then of
`polya`, which takes a call for each sample. FILE: a right solution; the reference by
default. WALKS: how many walks a sample has; 20,000 as in the tests. FIRST: a seed.
"""

import importlib.util
import sys
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from hidden import chance, laws

SIMULATED = ((10, 0.5), (9, 0.3), (5, 0.85), (4, 0.004))
RETURNED = ((1, 3), (1, 4), (2, 2), (2, 4), (3, 2), (3, 4), (4, 2))


def load(path):
    """Import a solution from its file."""
    spec = importlib.util.spec_from_file_location("solution", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def simulated(solution, samples, walks, rng):
    """Yield the counts of many samples of `simulate`, drawn in one call."""
    for n, p in SIMULATED:
        paths = solution.simulate(n, p, samples * walks, rng)
        paths = paths.reshape(samples, walks, n + 1)
        for _, hits, trials, chances in chance.walk_counts(paths, p):
            yield chance.distance(hits, trials, chances)


def returned(solution, samples, walks, rng):
    """Yield the counts of many samples of `polya`."""
    for d, n in RETURNED:
        within = float(laws.returned_within(d, n))
        hits = [solution.polya(d, n, walks, rng).returned for _ in range(samples)]
        yield chance.distance(np.array(hits), walks, within)


def main():
    """Run, and print what was found."""
    runs = int(sys.argv[1])
    path = Path(sys.argv[2]) if len(sys.argv) > 2 else HERE / "reference.py"
    walks = int(sys.argv[3]) if len(sys.argv) > 3 else 20_000
    first = int(sys.argv[4]) if len(sys.argv) > 4 else 0
    solution, together = load(path), max(1, min(runs, 100_000 // walks))
    for counted in (simulated, returned):
        refused, asked, worst = 0, 0, 0.0
        for begin in range(0, runs, together):
            samples = min(together, runs - begin)
            rng = np.random.default_rng([2026, first, begin])
            distances = np.array(list(counted(solution, samples, walks, rng)))
            refused += int(np.any(distances > chance.LIMIT, axis=0).sum())
            asked, worst = asked + distances.size, max(worst, float(distances.max()))
        print(
            f"{path.stem}, {counted.__name__}, {walks:,} walks: {refused} of {runs:,} "
            f"samples refused; {asked:,} counts, the worst at {worst:.1f} of "
            f"{chance.LIMIT:g}",
            flush=True,
        )


if __name__ == "__main__":
    main()
