// CKernels: the inner loops of models on a CPU, with the instructions that the machine has.
//
// A kernel does arithmetic on memory that its caller has checked: no allocation, no I/O, no threads,
// no decisions. Each has a portable form, and a twin in Swift that the tests hold it against. Which
// form runs is settled once, at run time, by what the CPU says of itself.
#pragma once

#include <stddef.h>
#include <stdint.h>

// The widest instructions that are used, in order. A level includes the ones before it.
typedef enum {
  CK_LEVEL_PORTABLE = 0,
  CK_LEVEL_NEON = 1,
  CK_LEVEL_AVX2 = 2,           // AVX2, FMA, F16C
  CK_LEVEL_AVX512_VNNI = 3,    // AVX-512 F, BW, VL, DQ, VNNI
  CK_LEVEL_AVX512_VBMI = 4,    // and VBMI: Ice Lake, Zen 4, and what came after them
} ck_level;

// The highest level of this machine.
ck_level ck_machine_level(void);

// Matrices, and everything else.
#include "encoder.h"
#include "matrix.h"
#include "pause.h"
#include "vector.h"
