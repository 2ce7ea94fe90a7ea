"""Try the counts of the hidden tests on right samplers with other seeds.

`python trials.py RUNS [FILE [WALKS [FIRST]]]` prints how many of RUNS samples are
refused, and how close the worst count came to the limit. FILE: a right solution; the
reference by default. WALKS: how many walks a sample has; 20,000 as in the tests. FIRST:
the first seed.
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


def counts(solution, walks, rng):
    """Yield hits, trials and probability of each count of a submission."""
    for n, p in SIMULATED:
        paths = solution.simulate(n, p, walks, rng)
        for _, hits, trials, chances in chance.walk_counts(paths, p):
            yield hits, trials, chances
    for (d, n), within in WITHIN.items():
        yield solution.polya(d, n, walks, rng).returned, walks, within


WITHIN = {pair: float(laws.returned_within(*pair)) for pair in RETURNED}


def main():
    """Run, and print what was found."""
    runs = int(sys.argv[1])
    path = Path(sys.argv[2]) if len(sys.argv) > 2 else HERE / "reference.py"
    walks = int(sys.argv[3]) if len(sys.argv) > 3 else 20_000
    first = int(sys.argv[4]) if len(sys.argv) > 4 else 0
    solution, refused, asked, worst = load(path), 0, 0, 0.0
    for run in range(first, first + runs):
        rng = np.random.default_rng([2026, run])
        good = True
        for hits, trials, p in counts(solution, walks, rng):
            asked += 1
            worst = max(worst, chance.distance(hits, trials, p))
            good = good and chance.is_likely(hits, trials, p)
        refused += not good
    print(
        f"{path.stem}, {walks:,} walks: {refused} of {runs:,} samples refused; "
        f"{asked:,} counts, the worst at {worst:.1f} of {chance.LIMIT:g}"
    )


if __name__ == "__main__":
    main()
