#!/usr/bin/env bash
# Gathers the sentences of the software into translations/messages.pot; with --check, says whether that file is true.
set -euo pipefail
cd "$(dirname "$0")/.."
made=$(mktemp)
trap 'rm -f "$made"' EXIT
.venv/bin/pybabel -q extract -F translations/babel.cfg -k _l -k _n:1,2 --omit-header --no-location --sort-output -o "$made" .
if [ "${1:-}" = --check ]; then
    cmp -s "$made" translations/messages.pot || { echo "translations/messages.pot is not up to date: make messages" >&2; exit 1; }
else
    cp "$made" translations/messages.pot
fi
