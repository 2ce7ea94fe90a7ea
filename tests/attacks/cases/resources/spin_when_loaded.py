"""Never finish loading.

task: scale
verdict: timeout
others: lost
"""

while True:
    pass
