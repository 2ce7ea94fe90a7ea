"""Records what torch's own GradScaler does, as golden traces for `LossScaler`.

``python solutions/07-mixed-precision/scaler_traces.py`` writes scaler_traces.json
beside this file. A unit test records again, with the torch that is installed, and
compares.

A trace is the options of a scaler and a script of commands; with each command stands
what torch answered. Two optimizers, 0 and 1, have two parameters each.

    ["scale", x]                 scale a float32 loss
    ["grads", k, [a, b]]         set gradients: lists of numbers, or None
    ["backward", k, [a, b]]      the same, times the present scale
    ["half", k, [a, b]]          the same as "grads", but the second is float16
    ["unscale", k]  ["step", k]  ["closure", k]  ["update"]  ["update", new_scale]

An answer is [result, scale, tracker, steps of both optimizers, gradients of both],
where result is a number, None, or the name of the exception that was raised.
"""

from __future__ import annotations

import json
import math
import random
from pathlib import Path
from typing import Any

import torch

GOLDEN = Path(__file__).with_suffix(".json")
INF, NAN = math.inf, math.nan

Command = list[Any]


class Counting(torch.optim.Optimizer):
    """Counts its steps, and answers with their number."""

    def __init__(self, params: list[torch.Tensor]) -> None:
        super().__init__(params, {})
        self.steps = 0

    def step(self, closure: Any = None) -> int:  # type: ignore[override]
        """Take no step but count it."""
        self.steps += 1
        return self.steps


def play(options: dict[str, Any], script: list[Command]) -> list[list[Any]]:
    """Play a script with torch.amp.GradScaler; return an answer for each command."""
    names = {
        "init": "init_scale",
        "growth": "growth_factor",
        "backoff": "backoff_factor",
        "interval": "growth_interval",
    }
    scaler = torch.amp.GradScaler("cpu", **{names[k]: v for k, v in options.items()})
    optimizers = [
        Counting([torch.zeros(1, requires_grad=True) for _ in range(2)])
        for _ in range(2)
    ]

    def fill(k: int, grads: list[Any], factor: float = 1.0, half: bool = False) -> None:
        params = optimizers[k].param_groups[0]["params"]
        for i, (p, grad) in enumerate(zip(params, grads, strict=True)):
            p.grad = None
            kind = torch.float16 if half and i == 1 else torch.float32
            if grad is not None:
                p.data = torch.zeros(len(grad), dtype=kind)
                p.grad = torch.tensor(grad, dtype=kind) * factor

    def perform(name: str, *rest: Any) -> Any:
        if name == "scale":
            return scaler.scale(torch.tensor(rest[0], dtype=torch.float32)).item()
        if name in ("grads", "backward", "half"):
            factor = scaler.get_scale() if name == "backward" else 1.0
            return fill(*rest, factor=factor, half=name == "half")
        if name == "unscale":
            return scaler.unscale_(optimizers[rest[0]])
        if name == "step":
            return scaler.step(optimizers[rest[0]])
        if name == "closure":
            return scaler.step(optimizers[rest[0]], closure=None)
        return scaler.update(*rest)

    answers = []
    for command in script:
        try:
            result = perform(*command)
        except (AssertionError, RuntimeError, ValueError) as error:
            result = type(error).__name__
        grads = [
            [
                None if p.grad is None else p.grad.tolist()
                for p in o.param_groups[0]["params"]
            ]
            for o in optimizers
        ]
        state = [scaler.get_scale(), scaler._get_growth_tracker()]
        answers.append([result, *state, [o.steps for o in optimizers], grads])
    return answers


def iterations(*grads: float, k: int = 0) -> list[Command]:
    """Write plain iterations: scale, backward, step, update."""
    script: list[Command] = []
    for grad in grads:
        script += [["scale", 1.0], ["backward", k, [[grad], None]]]
        script += [["step", k], ["update"]]
    return script


def at_random(seed: int) -> tuple[dict[str, Any], list[Command]]:
    """Make up options and a script, many of whose commands are out of order."""
    dice = random.Random(seed)
    options = {
        "init": dice.choice([1.0, 8.0, 1024.0, 2.0**16, 3.0, 2.0**125]),
        "growth": dice.choice([2.0, 1.5, 4.0, 1.1]),
        "backoff": dice.choice([0.5, 0.25, 0.3]),
        "interval": dice.choice([1, 2, 3]),
    }
    script: list[Command] = [["scale", 1.0]] if dice.random() < 0.9 else []

    def number() -> float:
        odd = dice.choice([INF, -INF, NAN, 0.0])
        return odd if dice.random() < 0.1 else dice.choice([1.0, -3.5, 0.1, 1e-3])

    for _ in range(40):
        k = dice.randrange(2)
        name = dice.choices(
            [
                "scale",
                "backward",
                "unscale",
                "step",
                "update",
                "set",
                "half",
                "closure",
            ],
            [3, 8, 4, 8, 8, 0.7, 0.5, 0.3],
        )[0]
        if name == "scale":
            script.append(["scale", number()])
        elif name in ("backward", "half"):
            pair = [[number() for _ in range(dice.randint(1, 2))] for _ in range(2)]
            empty = dice.random()
            first = None if empty < 0.2 else pair[0]
            second = None if empty < 0.1 or 0.2 < empty < 0.3 else pair[1]
            script.append([name, k, [first, second]])
        elif name == "set":
            script.append(["update", dice.choice([4.0, 0.1, 2.0**126])])
        elif name == "update":
            script.append(["update"])
        else:
            script.append([name, k])
    return options, script


TINY = 2.0**-147
ONES: list[Any] = [[1.0], [2.0, -3.0]]

#: Kind of trace -> options, script. The kind stands in what a student reads.
SCRIPTS: dict[str, tuple[dict[str, Any], list[Command]]] = {
    "ten iterations, an inf and a NaN among them": (
        {"init": 8.0, "interval": 3},
        iterations(1, 1, 1, INF, 1, 1, NAN, 1, 1, 1),
    ),
    "an inf just before the scale would grow": (
        {"init": 8.0, "interval": 3},
        iterations(1, 1, -INF, 1, 1, 1, 1, 1, 1, INF, 1),
    ),
    "interval 1: every clean iteration grows": (
        {"init": 4.0, "growth": 4.0, "backoff": 0.125, "interval": 1},
        iterations(1, 1, NAN, 1, INF, INF, 1, 1),
    ),
    "near the largest scale": (
        {"init": 2.0**125, "interval": 1},
        iterations(0.5, 0.25, 0.25, 0.25, INF, 0.25, 0.25),
    ),
    "near the largest scale, interval 2": (
        {"init": 2.0**127, "interval": 2},
        iterations(0.25, 0.25, 0.25, 0.25, 0.25, INF, 0.25, 0.25, 0.25),
    ),
    "factors that are no powers of two": (
        {"init": 1000.0, "growth": 1.1, "backoff": 0.3, "interval": 2},
        iterations(0.1, 0.1, NAN, 0.7, 0.1, 3.0, 0.1, INF, INF, 0.1, 0.3),
    ),
    "a first scale that float32 rounds": (
        {"init": 0.1, "interval": 2},
        iterations(1, 3, 0.7, INF, 1),
    ),
    "the scale sinks to zero": (
        {"init": TINY, "interval": 2},
        [
            ["scale", 1.0],
            *(
                command
                for _ in range(4)
                for command in (["grads", 0, [[INF], [1.0]]], ["step", 0], ["update"])
            ),
            *(["grads", 0, [[1.0], [0.0]]], ["step", 0], ["update"]),
            *(["grads", 0, [[1.0], None]], ["step", 0], ["update"]),
        ],
    ),
    "a scale below 1: finite gradients become infinite": (
        {"init": 2.0**-20, "interval": 2},
        [
            ["scale", 1.0],
            *(["grads", 0, [[1e38, 1.0], [-3e38]]], ["step", 0], ["update"]),
            *(["grads", 0, [[1.0], [2.0]]], ["step", 0], ["update"]),
        ],
    ),
    "two optimizers, an inf in one": (
        {"init": 16.0, "interval": 2},
        [
            command
            for first, second in ((1, 1), (INF, 1), (1, 1), (1, NAN), (1, 1), (1, 1))
            for command in (
                ["scale", 1.0],
                ["backward", 0, [[float(first)], [2.0]]],
                ["backward", 1, [[3.0], [4.0, float(second)]]],
                ["unscale", 1],
                ["step", 0],
                ["step", 1],
                ["update"],
            )
        ],
    ),
    "two optimizers, an inf in the one that steps first, the other is idle": (
        {"init": 16.0, "interval": 2},
        [
            ["scale", 1.0],
            *(["backward", 1, [[INF], None]], ["unscale", 1], ["step", 1], ["update"]),
            *(["backward", 0, [[1.0], None]], ["step", 0], ["update"]),
            *(["backward", 0, [[NAN], None]], ["unscale", 0]),
            *(["backward", 1, [[1.0], None]], ["step", 1], ["update"]),
            *(["step", 0], ["step", 1], ["update"]),
        ],
    ),
    "an inf that was unscaled but never stepped": (
        {"init": 16.0, "interval": 2},
        [["scale", 1.0], ["backward", 0, [[INF], [1.0]]], ["unscale", 0], ["update"]],
    ),
    "unscale, clip or look, then step": (
        {"init": 1024.0, "interval": 2},
        [
            ["scale", 0.5],
            *(["backward", 0, ONES], ["unscale", 0], ["step", 0], ["update"]),
            *(["backward", 0, ONES], ["unscale", 0], ["step", 0], ["update"]),
        ],
    ),
    "gradients set after unscale are taken as they are": (
        {"init": 8.0, "interval": 5},
        [
            *(["scale", 1.0], ["backward", 0, ONES], ["unscale", 0]),
            *(["grads", 0, [[INF], [0.5]]], ["step", 0], ["update"]),
        ],
    ),
    "called twice": (
        {"init": 8.0, "interval": 2},
        [
            *(["scale", 1.0], ["backward", 0, ONES], ["unscale", 0], ["unscale", 0]),
            *(["step", 0], ["step", 0], ["unscale", 0], ["update"], ["update"]),
            *(["backward", 0, ONES], ["step", 0], ["update"]),
        ],
    ),
    "called twice after an inf": (
        {"init": 8.0, "interval": 2},
        [
            *(["scale", 1.0], ["backward", 0, [[INF], None]], ["unscale", 0]),
            *(["unscale", 0], ["step", 0], ["step", 0], ["unscale", 0], ["update"]),
            *(["backward", 0, [[NAN], None]], ["step", 0], ["step", 0], ["unscale", 0]),
            *(["backward", 0, ONES], ["step", 0], ["update"], ["step", 0], ["update"]),
        ],
    ),
    "called before anything was scaled": (
        {"init": 8.0, "interval": 2},
        [
            *(["grads", 0, ONES], ["unscale", 0], ["step", 0], ["update"]),
            *(["update", 4.0], ["closure", 0], ["scale", 2.0], ["update"]),
            *(["step", 0], ["update"]),
        ],
    ),
    "no gradients at all": (
        {"init": 8.0, "interval": 1},
        [
            *(["scale", 1.0], ["unscale", 0], ["unscale", 0], ["step", 0], ["update"]),
            *(["backward", 0, ONES], ["step", 0], ["update"]),
            *(["backward", 1, ONES], ["step", 1], ["update"]),
            *(["grads", 0, [None, None]], ["step", 0], ["step", 0], ["unscale", 0]),
            *(["backward", 1, ONES], ["step", 1], ["update"], ["step", 1]),
        ],
    ),
    "gradients in float16": (
        {"init": 8.0, "interval": 1},
        [
            *(["scale", 1.0], ["half", 0, [[8.0], [4.0]]], ["unscale", 0], ["step", 0]),
            *(["update"], ["half", 0, [None, [INF]]], ["step", 0]),
            *(["grads", 0, [[8.0], [4.0]]], ["step", 0], ["update"]),
        ],
    ),
    "a closure": (
        {"init": 8.0, "interval": 1},
        [
            *(["scale", 1.0], ["backward", 0, ONES], ["closure", 0], ["step", 0]),
            *(["closure", 0], ["update"]),
        ],
    ),
    "a new scale": (
        {"init": 8.0, "interval": 3},
        [
            *iterations(1, 1),
            *(["update", 100.1], ["scale", 1.0], ["backward", 0, ONES], ["step", 0]),
            *(["update", 4.0], ["step", 0], ["update"]),
            *(["backward", 0, [[INF], None]], ["step", 0], ["update", 2.0]),
            *iterations(1, 1),
            *(["update", 0.0], ["scale", 1.0], ["update", 0.5], ["scale", 3.0]),
        ],
    ),
    **{f"commands at random, number {n}": at_random(n) for n in range(8)},
}


def record() -> list[dict[str, Any]]:
    """Play every script."""
    return [
        {"kind": kind, "options": o, "script": s, "answers": play(o, s)}
        for kind, (o, s) in SCRIPTS.items()
    ]


def dumps(traces: list[dict[str, Any]]) -> str:
    """Write traces as JSON, a command or an answer on each line."""
    blocks = []
    for trace in traces:
        lines = [f'  "kind": {json.dumps(trace["kind"])}']
        lines.append(f'  "options": {json.dumps(trace["options"])}')
        for key in ("script", "answers"):
            rows = ",\n    ".join(json.dumps(row) for row in trace[key])
            lines.append(f'  "{key}": [\n    {rows}\n  ]')
        blocks.append("{\n" + ",\n".join(lines) + "\n}")
    return "[\n" + ",\n".join(blocks) + "\n]\n"


if __name__ == "__main__":
    GOLDEN.write_text(dumps(record()), encoding="utf-8")
