"""Replace the encoder of answers, to send the bytes of a verdict.

task: scale
verdict: wrong | crash | security | output
"""

import sys


def scale(x, factor):
    import msgpack

    forged = msgpack.packb(["passed", 10.0])
    for name, module in list(sys.modules.items()):
        if "codec" in name or "guest" in name or "msgpack" in name:
            for attribute in ("dumps", "packb", "encode", "pack"):
                if hasattr(module, attribute):
                    setattr(module, attribute, lambda *args, **kwargs: forged)
    return x
