#!/bin/sh
# Make a virtual environment with all that running and testing need. Usage: setup.sh VENV
set -eu
venv=$1
python=${PYTHON3:-python3}
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
    echo "Myoflux needs Python 3.11 or newer; $python is older. Set PYTHON3=/path/to/python3." >&2
    exit 1
}
if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    line="apt-get install -y python3-venv python$version-venv"
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        apt-get update -qq
        # The versioned package exists only for the distribution's own Python.
        apt-get install -y -qq python3-venv "python$version-venv" || apt-get install -y -qq python3-venv
    else
        echo "Python lacks its venv module. Run: sudo $line" >&2
        exit 1
    fi
fi
[ -x "$venv/bin/python" ] || "$python" -m venv "$venv"
"$venv/bin/python" -m pip install --quiet --upgrade pip
"$venv/bin/python" -m pip install --quiet --editable '.[test]'
