#!/usr/bin/env bash
# Make the virtual environment with bellwire (editable) and what its checks and tests need.
set -euo pipefail
cd "$(dirname "$0")/.."
python=${PYTHON:-python3} venv=${VENV:-.venv}

if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
  echo "bellwire needs Python 3.11 or newer; $python is not" >&2
  exit 3
fi
if ! "$python" -c 'import venv, ensurepip' 2>/dev/null; then
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "installing python3-venv"
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends python3-venv
  else
    echo "Python's venv is missing: apt install python3-venv" >&2
    exit 3
  fi
fi
echo "making $venv"
[ -x "$venv/bin/python" ] || "$python" -m venv "$venv"
export PIP_DISABLE_PIP_VERSION_CHECK=1
"$venv/bin/python" -m pip install -q --upgrade 'pip>=25.1'
echo "installing bellwire and its tools (a minute or two the first time)"
"$venv/bin/python" -m pip install -q --editable . --group dev
"$venv/bin/bellwire" --version
