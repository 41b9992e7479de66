#!/usr/bin/env bash
# Builds both targets of the Dockerfile without Docker, as root: build-images.sh FOLDER.
# The bases come from debootstrap, once for all runs, and a file stands in for libtorch's distribution of 3 GB.
set -euo pipefail
work=$1
root=$(cd "$(dirname "$0")/../../.." && pwd)
bases=${XDG_CACHE_HOME:-$HOME/.cache}/alphaquant-server/image-bases

# Copying a whole file system for every step (vfs) takes minutes; overlay needs a kernel that lets it be mounted here.
driver() {
  mkdir -p "$work"/overlay/{lower,upper,work,merged}
  if mount -t overlay overlay -o "lowerdir=$work/overlay/lower,upperdir=$work/overlay/upper,workdir=$work/overlay/work" \
    "$work/overlay/merged" 2>/dev/null; then
    umount "$work/overlay/merged"
    echo overlay
  else
    echo vfs
  fi
}

store=(--storage-driver "$(driver)" --root "$work/storage" --runroot "$work/runroot")

say() {
  printf '%4d s: %s\n' "$SECONDS" "$*"
}

base() {
  if [ ! -e "$bases/$1.tar" ]; then
    debootstrap --variant=minbase "${@:2}" bookworm "$work/$1" >"$work/debootstrap-$1.log" 2>&1
    mkdir -p "$bases"
    tar -C "$work/$1" -cf "$work/$1.tar" .
    mv "$work/$1.tar" "$bases/$1.tar"
    rm -rf "${work:?}/$1"
    say "made the base $1"
  fi
  local container
  container=$(buildah "${store[@]}" from scratch)
  buildah "${store[@]}" add -q "$container" "$bases/$1.tar" / >/dev/null
  buildah "${store[@]}" commit -q "$container" "localhost/$1:test" >/dev/null
  buildah "${store[@]}" rm "$container" >/dev/null
  say "took the base $1"
}

# With layers kept, the second target takes what the first has compiled.
build() {
  buildah "${store[@]}" bud --isolation chroot --layers --format docker \
    -v "$HOME/.m2/repository:/m2:rw" -v "$work/libtorch:/distribution:ro" \
    --build-arg BUILD_IMAGE=localhost/jdk:test \
    --build-arg CPU_IMAGE=localhost/plain:test \
    --build-arg CUDA_IMAGE=localhost/plain:test \
    --build-arg LIBTORCH_URL=file:///distribution/libtorch.zip \
    --build-arg LIBTORCH_SHA256="$(sha256sum "$work/libtorch/libtorch.zip" | cut -d' ' -f1)" \
    --build-arg MAVEN_ARGS=-Dmaven.repo.local=/m2 \
    --target "$1" -t "localhost/alphaquant:$1" "$work/context" | while IFS= read -r line; do say "$line"; done
  say "built $1"
}

mkdir -p "$work/libtorch/libtorch/lib"
echo cuda >"$work/libtorch/libtorch/lib/libtorch_cuda.so"
echo static >"$work/libtorch/libtorch/lib/libprotobuf.a"
(cd "$work/libtorch" && jar cfM libtorch.zip libtorch)

# Both targets are of the same files, whatever is edited meanwhile.
mkdir "$work/context"
cp -a "$root"/{Dockerfile,.dockerignore,LICENSE,pom.xml,openapi.yaml,examples,src} "$work/context"

say "keeps files by ${store[1]}"
base plain
base jdk --include=openjdk-17-jdk-headless,maven,curl,ca-certificates
build cpu
build gpu
for target in cpu gpu; do
  buildah "${store[@]}" inspect --type image "localhost/alphaquant:$target" >"$work/$target.json"
  buildah "${store[@]}" mount "$(buildah "${store[@]}" from "localhost/alphaquant:$target")" >"$work/$target.mount"
done
say "mounted both"
