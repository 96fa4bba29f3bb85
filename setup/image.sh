#!/bin/sh
# Build the image: setup/image.sh BASE NAME. By Docker where its daemon answers, else by buildah, which needs none.
set -eu
cd "$(dirname "$0")/.."

if docker info >/dev/null 2>&1; then
    exec docker build --build-arg "BASE=$1" -t "$2" .
fi
command -v buildah >/dev/null || {
    echo "Neither a Docker daemon nor buildah is here. On Debian: sudo apt-get install buildah" >&2
    exit 1
}
# `chroot` and `vfs` work without privileges of the kernel; a private authority's certificates reach the build this way.
exec buildah --storage-driver vfs bud --isolation chroot -v /etc/ssl/certs:/etc/ssl/certs:ro \
    --build-arg "BASE=$1" -t "$2" .
