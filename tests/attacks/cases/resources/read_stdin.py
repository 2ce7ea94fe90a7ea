"""Ask a question of whoever sits at the keyboard.

task: scale
verdict: crash
"""


def scale(x, factor):
    return x * float(input("factor? "))
