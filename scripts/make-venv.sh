#!/bin/sh
# Make a virtual environment: make-venv.sh PYTHON FOLDER.
# Debian ships Python without the module that does it; as root its package is installed, else virtualenv serves.
set -eu
python=$1 folder=$2

"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
    echo "napari-swnn needs Python 3.11 or later, $python is $("$python" -V); set PYTHON=..." >&2
    exit 1
}
if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    version=$("$python" -c 'import sys; print(f"{sys.version_info[0]}.{sys.version_info[1]}")')
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        apt-get update -qq && apt-get install -qq -y --no-install-recommends "python$version-venv"
    elif "$python" -m virtualenv --version >/dev/null 2>&1; then
        exec "$python" -m virtualenv "$folder"
    else
        echo "$python lacks the module venv; run: sudo apt-get install python$version-venv" >&2
        exit 1
    fi
fi
"$python" -m venv "$folder"
