#!/bin/sh
# Qt's own wheel lacks some system libraries, and a bare machine has no font. Install them by apt
# where that is allowed, or print the exact line. Prints nothing when all are there.
# Usage: qt-libraries.sh PYTHON
set -eu
python=$1
packages="libegl1 libgl1 libxkbcommon0 libxkbcommon-x11-0 libdbus-1-3 libfontconfig1 libglib2.0-0
libxcb-cursor0 libxcb-icccm4 libxcb-image0 libxcb-keysyms1 libxcb-randr0 libxcb-render-util0
libxcb-shape0 libxcb-xinerama0 libxcb-xkb1 fonts-dejavu-core"
command -v dpkg-query >/dev/null || exit 0
missing=""
for package in $packages; do
    # Since Debian 13 and Ubuntu 24.04 some carry the suffix t64.
    if ! dpkg-query -W -f='${Status}\n' "$package" "${package}t64" 2>/dev/null |
        grep -q '^install ok installed'; then
        missing="$missing $package"
    fi
done
[ -z "$missing" ] && exit 0

install_all() {
    "$@" apt-get update -qq && "$@" apt-get install -y -qq $missing >/dev/null
}

export DEBIAN_FRONTEND=noninteractive
if [ "$(id -u)" = 0 ]; then
    install_all env && exit 0
elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
    install_all sudo && exit 0
fi
echo "Qt lacks some system libraries. Run: sudo apt-get install -y$missing" >&2
# A machine without a screen needs fewer of them.
QT_QPA_PLATFORM=offscreen "$python" -c \
    'from PySide6.QtWidgets import QApplication; QApplication([])' 2>/dev/null
