"""Try the counts of the hidden tests on right samplers with other seeds.

`python trials.py` draws 100,000 samples of 50 walks with each right solution and prints
how many are refused, and how close the worst count came to the limit. A sample of
`simulate` is cut from one large call; one of `polya` takes a call for each count. The
same options give the same numbers.
"""

import argparse
import importlib.util
import sys
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from hidden import chance, laws

SIMULATED = ((10, 0.5), (9, 0.3), (5, 0.85), (4, 0.004))
# The tests also ask for walks of 30 and 40 steps, which would take ten times as long.
RETURNED = ((1, 3), (1, 4), (2, 2), (2, 4), (3, 2), (3, 4), (4, 2))
RIGHT = (HERE / "reference.py", *sorted((HERE / "alternatives").glob("*.py")))


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


def options():
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    add = parser.add_argument
    add("files", nargs="*", type=Path, default=RIGHT, help="default: every right one")
    add("--runs", type=int, default=100_000, help="samples of each task")
    add("--walks", type=int, default=50, help="of a sample; the tests take 20,000")
    add("--seed", type=int, default=0)
    add("--task", choices=("simulate", "polya"), action="append", help="default: both")
    return parser.parse_args()


def try_out(counted, solution, runs, walks, seed):
    """Return how many samples are refused, how many counts that was, and the worst."""
    refused, asked, worst = 0, 0, 0.0
    together = max(1, min(runs, 100_000 // walks))
    for begin in range(0, runs, together):
        samples = min(together, runs - begin)
        rng = np.random.default_rng([2026, seed, begin])
        distances = np.array(list(counted(solution, samples, walks, rng)))
        refused += int(np.any(distances > chance.LIMIT, axis=0).sum())
        asked, worst = asked + distances.size, max(worst, float(distances.max()))
    return refused, asked, worst


def main():
    """Run, and print what was found."""
    asked = options()
    for path in asked.files:
        solution = load(path)
        for task, counted in (("simulate", simulated), ("polya", returned)):
            if asked.task and task not in asked.task:
                continue
            refused, counts, worst = try_out(
                counted, solution, asked.runs, asked.walks, asked.seed
            )
            print(
                f"{path.stem}, {task}, {asked.walks:,} walks, seed {asked.seed}: "
                f"{refused} of {asked.runs:,} samples refused; {counts:,} counts, the "
                f"worst at {worst:.1f} of {chance.LIMIT:g}",
                flush=True,
            )


if __name__ == "__main__":
    main()
