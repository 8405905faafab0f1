#!/bin/sh
# Make a virtual environment: make-venv.sh PYTHON FOLDER.
# Debian ships Python without the module that does it; as root its package is installed, else pip brings virtualenv.
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
    elif "$python" -m pip install --quiet --target "$folder.boot" virtualenv; then
        PYTHONPATH=$folder.boot "$python" -m virtualenv --quiet "$folder"
        rm -rf "$folder.boot"
        exit 0
    else
        echo "$python lacks the module venv; run: sudo apt-get install python$version-venv" >&2
        exit 1
    fi
fi
# Under its name only when complete: an interrupted one would be taken for whole by the next run.
trap 'rm -rf "$folder"' INT TERM HUP
"$python" -m venv "$folder" || { rm -rf "$folder"; exit 1; }
