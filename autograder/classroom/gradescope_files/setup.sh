#!/usr/bin/env bash
# Gradescope runs this once, as root, when the autograder is uploaded.
#
# AUTOGRADER_PYTHON names a Python that has the packages already: then none is installed.
set -euo pipefail
cd "$(dirname "$0")"

# Submissions run as another user, who may read the grader and nothing of the lesson.
chmod -R u=rwX,go=rX .
chmod -R go= course solutions seed

install() {
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" \
    >/dev/null 2>&1
}

makes_environment() {
  "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null &&
    "$1" -m venv --clear env >/dev/null 2>&1
}

python=${AUTOGRADER_PYTHON:-}
if [ -z "$python" ]; then
  command -v apt-get >/dev/null && apt-get update -qq
  # Where it may make namespaces, bubblewrap is the stronger wall around submissions.
  command -v bwrap >/dev/null || install bubblewrap || echo "no bubblewrap here"
  for name in python3 python3.13 python3.12 python3.11; do
    if makes_environment "$name" ||
      { install "$name" "$name-venv" && makes_environment "$name"; }; then
      python=$PWD/env/bin/python
      break
    fi
  done
  if [ -z "$python" ]; then
    echo "Python 3.11 or newer is needed: choose a newer base image." >&2
    exit 1
  fi
  "$python" -m pip install --quiet --disable-pip-version-check \
    -c constraints.txt -r requirements.txt
fi
echo "$python" >python.path

# An autograder that does not give the reference full marks is not ready.
bash run_autograder --rehearse
