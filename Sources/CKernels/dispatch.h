// One function in several forms, of which the level says which runs. Each form is a name with an ending.
#pragma once

#include "ckernels.h"

#if defined(__x86_64__)
#define DISPATCH(name, ...)                                   \
  (level >= CK_LEVEL_AVX512_VNNI ? name##_avx512(__VA_ARGS__) \
   : level >= CK_LEVEL_AVX2      ? name##_avx2(__VA_ARGS__)   \
                                 : name##_portable(__VA_ARGS__))
#else
// NEON is part of the CPU that the portable form is compiled for.
#define DISPATCH(name, ...) ((void)level, name##_portable(__VA_ARGS__))
#endif
