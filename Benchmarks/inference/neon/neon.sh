#!/bin/sh
# The kernels for ARM's CPUs on another CPU: built by Swift's clang, run by QEMU, held against the
# portable ones. Debian: qemu-user gcc-aarch64-linux-gnu libc6-dev-arm64-cross. Says nothing of speed.
set -eu
cd -- "$(dirname -- "$0")"
clang=$(command -v clang || echo /opt/swift/usr/bin/clang)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
target=${1:-aarch64}
case $target in
  aarch64)
    "$clang" --target=aarch64-linux-gnu --gcc-install-dir="$(dirname "$(aarch64-linux-gnu-gcc -print-libgcc-file-name)")" \
      -I/usr/aarch64-linux-gnu/include -B/usr/aarch64-linux-gnu/lib -L/usr/aarch64-linux-gnu/lib \
      -fuse-ld=lld -static -O3 -Wall -Wextra -I../../../Sources/CKernels/include -o "$work/neon" neon.c ../../../Sources/CKernels/*.c -lm
    qemu-aarch64 "$work/neon"
    ;;
  here)
    "$clang" -O3 -Wall -Wextra -I../../../Sources/CKernels/include -o "$work/neon" neon.c ../../../Sources/CKernels/*.c -lm
    "$work/neon"
    ;;
esac
