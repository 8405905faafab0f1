#!/bin/sh
# Install what a viewer without a screen needs and Python packages cannot bring: a virtual X server, and the
# libraries Qt and OpenGL load at run time.
set -eu

packages="xvfb xauth libgl1 libegl1 libglib2.0-0 libfontconfig1 libdbus-1-3 libxkbcommon-x11-0 libxcb-cursor0
libxcb-icccm4 libxcb-image0 libxcb-keysyms1 libxcb-randr0 libxcb-render-util0 libxcb-shape0 libxcb-xkb1"

if ! command -v dpkg-query >/dev/null; then
    command -v Xvfb >/dev/null || echo "note: the tests of the viewer need Xvfb; install it, or run them on a desktop" >&2
    exit 0
fi
missing=""
for package in $packages; do
    # "libglib2.0-0" is called "libglib2.0-0t64" from Debian 13 and Ubuntu 24.04 on
    dpkg-query -W -f='${Status}\n' "$package" "${package}t64" 2>/dev/null | grep -q "ok installed" ||
        missing="$missing $package"
done
[ -n "$missing" ] || exit 0
if [ "$(id -u)" != 0 ]; then
    echo "the tests of the viewer need these packages; run: sudo apt-get install$missing" >&2
    exit 1
fi
apt-get update -qq
# shellcheck disable=SC2086  # one word for each package
apt-get install -qq -y --no-install-recommends $missing
