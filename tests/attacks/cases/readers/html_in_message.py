"""Send markup to whoever reads the feedback page.

task: scale
verdict: crash
markup: yes
"""


def scale(x, factor):
    raise ValueError("<script>alert(1)</script><img src=x onerror=alert(1)>")
