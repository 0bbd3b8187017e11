#include "ckernels.h"

static ck_level read_level(void) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma") ||
      !__builtin_cpu_supports("f16c")) {
    return CK_LEVEL_PORTABLE;
  }
  if (!__builtin_cpu_supports("avx512f") || !__builtin_cpu_supports("avx512bw") ||
      !__builtin_cpu_supports("avx512vl") || !__builtin_cpu_supports("avx512dq") ||
      !__builtin_cpu_supports("avx512vnni")) {
    return CK_LEVEL_AVX2;
  }
  return __builtin_cpu_supports("avx512vbmi") ? CK_LEVEL_AVX512_VBMI : CK_LEVEL_AVX512_VNNI;
#elif defined(__aarch64__)
  return CK_LEVEL_NEON;
#else
  return CK_LEVEL_PORTABLE;
#endif
}

// Written once with what never changes: whoever reads an older value computes the same.
ck_level ck_machine_level(void) {
  static _Atomic int known = -1;
  int level = known;
  if (level < 0) {
    level = (int)read_level();
    known = level;
  }
  return (ck_level)level;
}
