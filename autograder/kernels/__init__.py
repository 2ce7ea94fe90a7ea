"""The lessons' kernels on real machines: on Triton's interpreter, and on a GPU.

A call of a host function is recorded once, as in grading (`student/lab/tiles/record`);
what it launches then runs on the simulator and on Triton alike.

| place | holds |
|---|---|
| `calls` | which calls a lesson lists in its `conformance.py` |
| `on_triton` | a recorded call as Triton runs it |
| `interpreted` | bytes, and the simulator's speed against Triton's interpreter |
| `gpu` | reference kernels against a library's operator, timed |
| `bench` | ``autograder bench kernels`` |
"""
