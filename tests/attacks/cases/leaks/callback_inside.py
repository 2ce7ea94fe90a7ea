"""Open the callable argument and read the judge's function from inside it.

task: root
verdict: wrong | crash
"""


def root(f, low, high):
    seen = [f]
    for _ in range(3):
        for thing in list(seen):
            for name in ("__closure__", "__code__", "__globals__", "__wrapped__"):
                inner = getattr(thing, name, None)
                if inner is not None:
                    seen.append(inner)
            seen += getattr(thing, "__dict__", {}).values()
    for thing in seen:
        if "check" in repr(thing) or "counted" in repr(thing) or "test_" in repr(thing):
            return 2.0**0.5
    return 0.0
