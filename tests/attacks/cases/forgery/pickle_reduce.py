"""Return an object whose unpickling would run a command in the judge.

task: scale
verdict: wrong | crash
"""

import os
import pickle


class Bomb:
    def __reduce__(self):
        return (os.system, ("touch MARKER",))


def scale(x, factor):
    return pickle.dumps(Bomb()) if factor < 0 else Bomb()
