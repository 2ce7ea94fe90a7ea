"""Compile C++ that runs outside of Python.

task: weigh
verdict: crash
"""


def weigh(x):
    from torch.utils.cpp_extension import load_inline

    source = '#include <cstdlib>\nint go() { return system("touch MARKER"); }'
    module = load_inline("go", source, functions=["go"], build_directory="/tmp")
    module.go()
    return x.softmax(-1)
