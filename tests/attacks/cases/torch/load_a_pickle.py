"""Let torch.load run a program while it reads a pickle.

task: weigh
verdict: wrong
"""

import io
import os


class Program:
    def __reduce__(self):
        return os.system, ("echo touched > MARKER",)


def weigh(x):
    file = io.BytesIO()
    torch.save(Program(), file)
    file.seek(0)
    torch.load(file, weights_only=False)
    return torch.zeros_like(x)
