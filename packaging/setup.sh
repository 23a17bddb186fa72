#!/bin/sh
# Make a virtual environment with all that running and testing need. Usage: setup.sh VENV
# PYTHON3 names the interpreter where several are there.
set -eu
venv=$1

new_enough() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

as_root() {
    if [ "$(id -u)" = 0 ]; then
        DEBIAN_FRONTEND=noninteractive "$@"
    elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
        sudo DEBIAN_FRONTEND=noninteractive "$@"
    else
        return 1
    fi
}

python=""
for candidate in "${PYTHON3:-python3}" python3.13 python3.12 python3.11; do
    if new_enough "$candidate"; then
        python=$candidate
        break
    fi
done
if [ -z "$python" ]; then
    echo "Myoflux needs Python 3.11 or newer. On Debian 12: apt-get install python3 python3-venv;" \
        "on Ubuntu 22.04: add-apt-repository ppa:deadsnakes/ppa && apt-get install" \
        "python3.11-venv. Or name one: PYTHON3=/path/to/python3 make setup" >&2
    exit 1
fi

if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    # The versioned package is there for the distribution's own Python and for added ones.
    if ! { command -v apt-get >/dev/null && as_root apt-get update -qq &&
        { as_root apt-get install -y -qq "python$version-venv" >/dev/null ||
            as_root apt-get install -y -qq python3-venv >/dev/null; }; }; then
        echo "Python lacks its venv module. Run: sudo apt-get install -y python$version-venv" >&2
        exit 1
    fi
fi

# What an interrupted setup left is made anew.
if ! { new_enough "$venv/bin/python" && "$venv/bin/python" -m pip --version >/dev/null 2>&1; }; then
    "$python" -m venv --clear "$venv"
fi
export PIP_DISABLE_PIP_VERSION_CHECK=1
"$venv/bin/python" -m pip install --quiet --upgrade pip
"$venv/bin/python" -m pip install --quiet --editable '.[test]'
