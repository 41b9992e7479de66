#!/usr/bin/env bash
# Builds both targets of the Dockerfile without Docker, as root: build-images.sh FOLDER.
# The bases come from debootstrap, and a file stands in for libtorch's distribution of 3 GB.
set -euo pipefail
work=$1
root=$(cd "$(dirname "$0")/../../.." && pwd)
store=(--storage-driver vfs --root "$work/storage" --runroot "$work/runroot")

base() {
  debootstrap --variant=minbase "${@:2}" bookworm "$work/$1" >"$work/debootstrap-$1.log" 2>&1
  local container
  container=$(buildah "${store[@]}" from scratch)
  buildah "${store[@]}" add -q "$container" "$work/$1" / >/dev/null
  buildah "${store[@]}" commit -q "$container" "localhost/$1:test" >/dev/null
  buildah "${store[@]}" rm "$container" >/dev/null
  rm -rf "${work:?}/$1"
}

build() {
  buildah "${store[@]}" bud --isolation chroot --layers=false --format docker \
    -v "$HOME/.m2/repository:/m2:rw" -v "$work/libtorch:/distribution:ro" \
    --build-arg BUILD_IMAGE=localhost/jdk:test \
    --build-arg CPU_IMAGE=localhost/plain:test \
    --build-arg CUDA_IMAGE=localhost/plain:test \
    --build-arg LIBTORCH_URL=file:///distribution/libtorch.zip \
    --build-arg LIBTORCH_SHA256="$(sha256sum "$work/libtorch/libtorch.zip" | cut -d' ' -f1)" \
    --build-arg MAVEN_ARGS=-Dmaven.repo.local=/m2 \
    --target "$1" -t "localhost/alphaquant:$1" "$root"
}

mkdir -p "$work/libtorch/libtorch/lib"
echo cuda >"$work/libtorch/libtorch/lib/libtorch_cuda.so"
echo static >"$work/libtorch/libtorch/lib/libprotobuf.a"
(cd "$work/libtorch" && jar cfM libtorch.zip libtorch)

base plain
base jdk --include=openjdk-17-jdk-headless,maven,curl,ca-certificates
build cpu
build gpu
for target in cpu gpu; do
  buildah "${store[@]}" inspect --type image "localhost/alphaquant:$target" >"$work/$target.json"
  buildah "${store[@]}" mount "$(buildah "${store[@]}" from "localhost/alphaquant:$target")" >"$work/$target.mount"
done
