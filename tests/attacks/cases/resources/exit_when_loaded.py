"""Leave the process while the submission is being loaded.

task: scale
verdict: crash
others: lost
"""

import os

os._exit(0)
