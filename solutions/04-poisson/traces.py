"""Recompute the figure's data and the numbers that the chapter of lesson 04 claims."""

import importlib.util
import math
import types
from pathlib import Path
from typing import Any

import numpy as np
import reference

DEATHS = (109, 65, 22, 3, 1)  # corps-years with 0, 1, 2, ... deaths by horse kick
CELLS = ((10, 0.1), (100, 0.01), (100, 0.1), (1000, 0.003))
NAMES = ("10", "100", "ten", "1000")


def clock(seed: int) -> np.random.Generator:
    """Return a generator; PCG64 gives the same numbers everywhere."""
    return np.random.Generator(np.random.PCG64(seed))


def slow() -> types.ModuleType:
    """Return the chapter's slow way, from the file that the chapter includes."""
    lesson = Path(__file__).resolve().parent.name
    path = Path(__file__).resolve().parents[2] / "course" / lesson / "slow.py"
    spec = importlib.util.spec_from_file_location("slow", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Counting:
    """Counts the draws of the slow way."""

    def __init__(self) -> None:
        self.draws = 0

    def random(self) -> float:
        """Return a number, and count."""
        self.draws += 1
        return 0.5


def figure() -> dict[str, Any]:
    """Return laws and distances that the figure computes live, at some points."""
    cases = []
    for rate, slots in ((1, 4), (3, 3), (3, 6), (3, 100), (6, 6), (6, 1000), (2, 20)):
        p = rate / slots
        distance, le_cam, barbour_hall = reference.poisson_error(np.full(slots, p))
        cases.append(
            {
                "rate": rate,
                "slots": slots,
                "distance": distance,
                "le_cam": le_cam,
                "barbour_hall": barbour_hall,
                "poisson": reference.poisson_pmf(np.arange(12), rate).tolist(),
            }
        )
    return {"cases": cases}


def instances() -> dict[str, str]:
    """Return the worked instances of steps 1 and 3."""
    pmf = reference.poisson_pmf
    packs = 1 - float(np.sum(pmf(np.arange(8), 4.0)))
    soon = math.exp(-0.75)
    return {
        "silence": f"{100 * pmf(0, 1.0):.1f}",
        "births_none": f"{pmf(0, 6.0):.4f}",
        "births_two": f"{1 - pmf(0, 3.0) - pmf(1, 3.0):.3f}",
        "calls_two": f"{pmf(2, 3.0):.3f}",
        "packs_out": f"{packs:.3f}",
        "visits_none": f"{pmf(0, 1.0):.3f}",
        "birth_soon": f"{1 - soon:.3f}",
        "birth_later": f"{soon - soon**2:.3f}",
    }


def distances() -> dict[str, str]:
    """Return the table of step 2 and the cost of the slow way."""
    found = {}
    for name, (n, p) in zip(NAMES, CELLS, strict=True):
        numbers = reference.poisson_error(np.full(n, p))
        assert numbers[0] <= numbers[2] <= numbers[1] + 1e-12
        for key, number in zip(("d", "lc", "bh"), numbers, strict=True):
            found[f"{key}_{name}"] = f"{number:.4f}"
    for n in (10, 100, 1000):
        distance = reference.poisson_error(np.full(n, 3 / n))[0]
        found[f"slow_{n}"] = f"{distance:.2g}"
    counting = Counting()
    slow().slots(counting, 3.0, 1.0, 1000)
    return {**found, "slow_draws": f"{counting.draws:,}"}


def memories() -> dict[str, str]:
    """Return how often waits outlast 1, at first and after 1."""
    waits = reference.exponential(clock(1), 1.0, 100_000)
    first, after = reference.survival(waits, 1.0, 1.0)
    even_first, even_after = reference.survival(2 * clock(2).random(100_000), 1.0, 1.0)
    return {
        "memory_first": f"{first:.3f}",
        "memory_after": f"{after:.3f}",
        "even_first": f"{even_first:.3f}",
        "even_after": f"{even_after:.3f}",
    }


def dispersions() -> dict[str, str]:
    """Return the table of step 6 and the horse kicks."""
    times = reference.process_times(clock(3), 3.0, 1000.0, "gaps")
    ticks = np.arange(0.15, 1000.0, 1 / 3)
    found = {}
    for name, record in (
        ("poisson", times),
        ("pairs", np.repeat(times, 2)),
        ("metronome", ticks),
    ):
        d, z = reference.dispersion(record, 1000.0, 1000)
        found[f"{name}_d"], found[f"{name}_z"] = f"{d:.2f}", f"{z:.1f}"
    counts = np.repeat(np.arange(5), DEATHS)
    record = np.repeat(np.arange(200) + 0.5, counts)
    mean = float(np.mean(counts))
    expected = 200 * reference.poisson_pmf(np.arange(5), mean)
    return {
        **found,
        "kick_mean": f"{mean:.2f}",
        "kick_d": f"{reference.dispersion(record, 200.0, 200)[0]:.3f}",
        "kick_expected": ", ".join(f"{number:.1f}" for number in expected),
    }


def fits() -> dict[str, str]:
    """Return three estimates from one record, and the coverage of the interval."""
    gaps = reference.exponential(clock(4), 2.0, 100_000)
    seen, cut = np.minimum(gaps, 0.5), gaps > 0.5
    rng = clock(5)
    # At rate 1 the total of 20 gaps is below t if 20 events come by then.
    ends = [20 * math.exp(sign * 1.96 / math.sqrt(20)) for sign in (-1, 1)]
    early, late = (1 - reference.poisson_pmf(np.arange(20), t).sum() for t in ends)
    rates = [
        reference.fit_rate(reference.exponential(rng, 1.0, 5))[0] for _ in range(40_000)
    ]
    return {
        "fit_right": f"{reference.fit_rate(seen, cut)[0]:.2f}",
        "fit_dropped": f"{reference.fit_rate(seen[~cut])[0]:.2f}",
        "fit_counted": f"{reference.fit_rate(seen)[0]:.2f}",
        "coverage": f"{late - early:.3f}",
        "bias": f"{np.mean(rates):.2f}",
    }


def buses() -> dict[str, str]:
    """Return the mean gap that a passenger meets, and the mean wait."""
    times = np.cumsum(reference.exponential(clock(6), 0.1, 100_000))
    at = times[0] + (times[-1] - times[0]) * clock(7).random(100_000)
    gaps, waits = reference.covering(times, at)
    return {"bus_gap": f"{np.mean(gaps):.1f}", "bus_wait": f"{np.mean(waits):.1f}"}


def queues() -> dict[str, str]:
    """Return mean waits by theory and by simulation."""
    found = {}
    for percent in (50, 80, 90, 95):
        rng = clock(percent)
        rate = percent / 100
        arrivals = np.cumsum(reference.exponential(rng, rate, 1_000_000))
        services = reference.exponential(rng, 1.0, arrivals.size)
        waits = reference.queue_waits(arrivals, services)
        found[f"theory_{percent}"] = f"{reference.mm1_wait(rate, 1.0):.1f}"
        found[f"seen_{percent}"] = f"{np.mean(waits):.1f}"
    return found


def largest_product() -> int:
    """Return where counts by products of uniforms stop, at a mean of 1,000."""
    rng, floor = clock(8), math.exp(-1000.0)
    counts = []
    for _ in range(200):
        count, product = 0, 1.0 - rng.random()
        while product > floor:
            count, product = count + 1, product * (1.0 - rng.random())
        counts.append(count)
    return round(float(np.mean(counts)))


def claims() -> dict[str, str]:
    """Return the text of each measured number in the chapter."""
    return {
        **instances(),
        **distances(),
        **memories(),
        **dispersions(),
        **fits(),
        **buses(),
        **queues(),
        "knuth": f"{largest_product()}",
    }
