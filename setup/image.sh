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
# `vfs` and `chroot` ask nothing of the kernel. This machine's authorities are lent to the build, not kept in the image.
exec buildah --storage-driver vfs bud --format docker --isolation chroot -v /etc/ssl/certs:/run/authorities:ro \
    --build-arg AUTHORITIES=/run/authorities/ca-certificates.crt --build-arg "BASE=$1" -t "$2" .
