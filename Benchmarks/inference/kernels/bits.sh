#!/bin/sh
# Weights of one and two bits beside ggml, at the shapes of models of 1.7B and 8B, medians of five,
# both in one run: GB/s of weights for one column, out of memory and in the cache, GOP/s for 64 and
# 512. One thread is timed in CPU seconds, two by the clock: those want a machine with little to do.
#
#   LLAMA_CPP_BUILD=/path/to/build ./bits.sh [level]       level: 2 AVX2, 4 AVX-512 VBMI
set -e
here=$(cd "$(dirname "$0")" && pwd)
kernels=$here/../../../Sources/CKernels
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cc=$(command -v clang || echo cc)
"$cc" -O3 -I"$kernels/include" "$here/matrix_bench.c" "$kernels"/*.c -lm -ldl -lpthread -o "$work/bench"
peer=${LLAMA_CPP_BUILD:+$LLAMA_CPP_BUILD/bin}
export LD_LIBRARY_PATH="${peer:-}"
level=${1:-4}
uptime
for k in 2048 6144 4096 12288; do
  echo "k $k: threads, columns, where; type, ours, ggml, ratio"
  for type in 41 35 42; do
    # ggml's Q2_0 is slow: less of it.
    [ $type = 42 ] && some=16 || some=192
    [ $type = 42 ] && little=1 || little=4
    for case in "1 1 $some" "2 1 $some" "1 1 1" "1 64 $little" "2 64 $little" "1 512 1"; do
      set -- $case
      "$work/bench" "${peer:--}" "$1" "$2" "$3" 5 $type $k "$level" |
        awk -v what="$1 $2 $3MB" 'NR == 2 { printf "%-12s %-6s %8s %8s %7s\n", what, $1, $2, $3, $4 }'
    done
  done
done
uptime
