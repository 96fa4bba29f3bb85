#!/bin/sh
# Remove the demo town's data: setup/reset.sh VAR_DIR. Refuses while the town runs, and a folder that is not a town's.
set -eu
cd "$(dirname "$0")/.."

folder=$1
[ -d "$folder" ] || { echo "Rien à effacer : $folder n’existe pas."; exit 0; }
[ -d "$folder/postgres" ] || { echo "$folder n’est pas le dossier d’une ville de démonstration." >&2; exit 1; }
if [ -e "$folder/postgres/postmaster.pid" ] && kill -0 "$(head -n 1 "$folder/postgres/postmaster.pid")" 2>/dev/null; then
    echo "La ville de $folder tourne : arrêtez-la d’abord (Ctrl-C)." >&2
    exit 1
fi
if [ "${FORCE:-}" != 1 ]; then
    printf 'Effacer la ville de démonstration et toutes ses données (%s) ? [o/N] ' "$folder"
    read -r answer || answer=
    case $answer in o | O | oui | y | yes) ;; *) echo "Rien n’est effacé."; exit 1 ;; esac
fi
rm -rf "$folder"
echo "Effacé : $folder"
