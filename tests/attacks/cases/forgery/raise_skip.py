"""Raise the exceptions by which pytest skips and expects to fail.

task: scale
verdict: crash | wrong
"""


def scale(x, factor):
    try:
        import pytest
    except ImportError:

        class Skipped(Exception):
            allow_module_level = True

        raise Skipped("not today") from None
    if factor > 0:
        pytest.skip("not today")
    pytest.xfail("as expected")
