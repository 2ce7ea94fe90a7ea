"""Activations are counted in four bytes whatever the recipe.

task: memory_model
look: Chapter, step 7.
"""


def memory_model(
    n_params: int, n_act: int, recipe: str, optimizer: str = "adam"
) -> dict[str, int]:
    if recipe not in ("float32", "float16", "mixed"):
        raise ValueError(f"unknown recipe {recipe!r}")
    if optimizer not in ("sgd", "momentum", "adam"):
        raise ValueError(f"unknown optimizer {optimizer!r}")
    if n_params < 0 or n_act < 0:
        raise ValueError("there are no negative numbers of weights or activations")
    compute = 4 if recipe == "float32" else 2
    state = 2 if recipe == "float16" else 4
    kept = {"sgd": 0, "momentum": 1, "adam": 2}[optimizer]
    parts = {
        "weights": compute * n_params,
        "master": 4 * n_params if recipe == "mixed" else 0,
        "gradients": compute * n_params,
        "optimizer": state * kept * n_params,
        "activations": 4 * n_act,
    }
    return {**parts, "total": sum(parts.values())}
