"""Put console markup and HTML into the name of an exception's class.

task: scale
verdict: crash
markup: yes
"""

Evil = type("[bold red]<b>passed</b>[/]", (Exception,), {})


def scale(x, factor):
    raise Evil("[link=https://example.org]10 of 10[/link]")
