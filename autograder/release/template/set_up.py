"""Set up this copy of the course: an environment in `.venv`, the course in it.

Run it with Python 3.11 or newer: `python3 set_up.py`, on Windows `py set_up.py`. It
needs nothing but Python and a network. Run it again at any time.
"""

import argparse
import os
import shlex
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
WINDOWS = os.name == "nt"
BIN = VENV / ("Scripts" if WINDOWS else "bin")
PYTHON = BIN / ("python.exe" if WINDOWS else "python")


def main() -> None:
    """Make the environment, install the course, say what to type next."""
    parser = argparse.ArgumentParser(description="Set up this copy of the course.")
    parser.add_argument(
        "extras", nargs="*", help="what some lessons need as well, such as torch"
    )
    parser.add_argument(
        "--no-notebook", action="store_true", help="without Jupyter, for an editor"
    )
    options = parser.parse_args()
    if sys.version_info < (3, 11):  # noqa: UP036 (this file runs before any check)
        found = ".".join(map(str, sys.version_info[:2]))
        sys.exit(
            "set_up: this is Python " + found + "; the course needs 3.11 or newer."
            " Install it from python.org, then run this again with it."
        )
    extras = [*([] if options.no_notebook else ["notebook"]), *options.extras]
    make_environment()
    install(",".join(extras))
    show_next_steps()


def make_environment() -> None:
    """Make `.venv`, or keep the one that works."""
    if is_here() and works(PYTHON):
        print(f"Keeping the environment in {VENV}")
        return
    print(f"Making an environment in {VENV}", flush=True)
    command = [sys.executable, "-m", "venv", "--clear", str(VENV)]
    if subprocess.run(command, check=False).returncode:
        sys.exit(
            "set_up: the environment could not be made, see above. On Debian and Ubuntu"
            " install python3-venv first; elsewhere, install Python from python.org."
        )


def is_here() -> bool:
    """Return whether the environment was made in this place: it cannot be moved."""
    try:
        return str(VENV) in (VENV / "pyvenv.cfg").read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return False


def works(python: Path) -> bool:
    """Return whether an environment runs, is new enough and has pip."""
    test = "import pip, sys; sys.exit(sys.version_info < (3, 11))"
    try:
        done = subprocess.run([python, "-c", test], capture_output=True, check=False)
    except OSError:
        return False
    return done.returncode == 0


def install(extras: str) -> None:
    """Install the course from this folder, in the versions that it was tested with."""
    course = f".[{extras}]" if extras else "."
    print("Installing the course: some minutes the first time", flush=True)
    command = [str(PYTHON), "-m", "pip", "install", "--quiet"]
    command += ["--disable-pip-version-check", "-c", "constraints.txt", "-e", course]
    if subprocess.run(command, cwd=ROOT, check=False).returncode:
        sys.exit(
            "set_up: pip could not install the course, see above. Is there a network?"
            " Run this again to go on."
        )


def show_next_steps() -> None:
    """Say what to type, in the words of this system's shells."""
    print("\nThe course is set up. In each new terminal, in this folder, type first:\n")
    if WINDOWS:
        print(r"    .venv\Scripts\activate          (in PowerShell or cmd)")
        print(
            "\nIf PowerShell refuses to run scripts:"
            " Set-ExecutionPolicy -Scope CurrentUser RemoteSigned"
        )
    else:
        print(f"    source {shlex.quote(str(BIN.relative_to(ROOT) / 'activate'))}")
    print("\nThen:\n\n    autograder check 00-start")


if __name__ == "__main__":
    main()
