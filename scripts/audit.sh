#!/usr/bin/env bash
# What a server has: list it (sbom), or look it up in the vulnerability data (audit).
set -euo pipefail
cd "$(dirname "$0")/.."
python=${PYTHON:-python3} tools=.cache/audit/tools server=.cache/audit/server out=dist/bellwire.cdx.json
export PIP_DISABLE_PIP_VERSION_CHECK=1

made() {  # an environment of its own; $1: where, the rest: what
  [ -x "$1/bin/python" ] || "$python" -m venv "$1"
  "$1/bin/python" -m pip install -q --upgrade 'pip>=25.1'
  "$1/bin/python" -m pip install -q --upgrade "${@:2}"
}

made "$tools" --group audit
made "$server" '.[postgres]'
case ${1:-} in
  sbom)
    mkdir -p "$(dirname "$out")"
    "$tools/bin/cyclonedx-py" environment --pyproject pyproject.toml --output-reproducible -o "$out" "$server/bin/python"
    "$python" -c 'import json, sys; print(sys.argv[1], "names", len(json.load(open(sys.argv[1]))["components"]), "components")' "$out"
    ;;
  audit)
    listed=.cache/audit/server.txt
    "$server/bin/python" -m pip freeze --exclude bellwire > "$listed"
    # strict: a package that could not be looked up is a failure, not a pass
    "$tools/bin/pip-audit" --requirement "$listed" --no-deps --disable-pip --strict \
      --vulnerability-service "${SERVICE:-pypi}"
    ;;
  *)
    echo "usage: scripts/audit.sh sbom|audit" >&2
    exit 2
    ;;
esac
