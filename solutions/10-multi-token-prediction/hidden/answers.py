"""How answers of this lesson are judged: tensors, numbers, lists, refusals."""

import numpy as np
import torch

from autograder.student.testing import check

torch.set_num_threads(1)  # as beside the submission: a fork must not wait for threads

CONTRACT = "The contract in the docstring."


def step(number):
    return f"Chapter, step {number}."


def floats(rng, *shape):
    """Return a float64 tensor of random normals."""
    return torch.from_numpy(np.asarray(rng.normal(size=shape)))


def ids(rng, vocab, *shape):
    """Return a tensor of random token ids."""
    return torch.from_numpy(rng.integers(vocab, size=shape))


def view(student, tensor):
    """Keep equal numbers there that do not lie in memory in their order.

    Tensors cross the wall in C order, so the axes are exchanged on the other side.
    """
    if tensor.ndim == 1:
        return student.part(student.keep(torch.stack([tensor] * 2, 1)), "T", 0)
    return student.part(student.keep(tensor.mT.contiguous()), "mT")


def is_tensor(got, where, look=CONTRACT):
    """Check that an answer is a tensor; return its numbers as an array."""
    check.plain(got, where, look)
    evidence = f"got a {type(got).__name__}, expected a tensor"
    if got is None:
        evidence = "got None; is a return missing?"
    is_one = isinstance(got, torch.Tensor)
    check.true(is_one, where=where, evidence=evidence, look=look)
    return got.numpy()


def tensor(got, want, where, look, *, rtol=0.0, atol=0.0, dtype=None):
    """Check a tensor: shape, numbers, and its dtype where one is promised."""
    numbers = is_tensor(got, where)
    want = np.asarray(want)
    check.close(numbers, want, rtol=rtol, atol=atol, where=where, look=look)
    if dtype is not None:
        check.dtype(numbers, dtype, where=where, look=CONTRACT)


def number(got, want, where, look, rtol=0.0, atol=0.0):
    """Check that an answer is a Python float, and its value."""
    check.plain(got, where, look)
    evidence = f"got a {type(got).__name__}, expected a Python float"
    good = isinstance(got, float)
    check.true(good, where=where, evidence=evidence, look=CONTRACT)
    check.close(got, want, rtol=rtol, atol=atol, where=where, look=look)


def whole_numbers(got, where):
    """Check that an answer is a list of Python ints."""
    check.plain(got, where, CONTRACT)
    good = type(got) is list and all(type(item) is int for item in got)
    kinds = {type(item).__name__ for item in got} if type(got) is list else set()
    found = f"a list of {', '.join(sorted(kinds))}" if kinds else type(got).__name__
    evidence = f"got {found}, expected a list of Python ints"
    check.true(good, where=where, evidence=evidence, look=CONTRACT)


def parts_of(got, kinds, where):
    """Check that an answer is a tuple of as many parts as are named; return it."""
    check.plain(got, where, CONTRACT)
    good = isinstance(got, tuple) and len(got) == len(kinds)
    evidence = f"got a {type(got).__name__}, expected a tuple of {' and '.join(kinds)}"
    check.true(good, where=where, evidence=evidence, look=CONTRACT)
    return got


def refused(function, cases):
    """Check that each call raises ValueError; cases: words -> arguments."""
    for where, args in cases.items():
        check.raises(ValueError, function, *args, where=where, look=CONTRACT)
