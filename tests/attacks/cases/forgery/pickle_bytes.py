"""Return pickled bytes in the place of an array.

task: scale
verdict: wrong | crash
"""

import os
import pickle


class Bomb:
    def __reduce__(self):
        return (os.system, ("touch MARKER",))


def scale(x, factor):
    return pickle.dumps([Bomb()])
