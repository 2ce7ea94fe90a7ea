"""Be a class whose name is ten million letters long.

task: Tally
verdict: wrong
"""


def Tally(start=0.0):
    methods = {"add": lambda self, value: None, "total": lambda self: 0.25}
    return type("T" * 10_000_000, (), methods)()
