// The families of kernels that the table of matrix.c asks, each for its own types. NULL: none for
// this type at this level; the table goes on to the next.
#pragma once

#include "matrix.h"

const ck_matrix_kernel *ck_plain_kernel(int type);

// The same types with AVX-512 VNNI.
const ck_matrix_kernel *ck_vnni_kernel(int type, ck_level level);

// 4- and 8-bit types against vectors of 8 bits: any CPU, AVX2.
const ck_matrix_kernel *ck_eights_kernel(int type, ck_level level);

// F32, F16 and BF16 against f32.
const ck_matrix_kernel *ck_floats_kernel(int type, ck_level level);

// 1- and 2-bit types against sums of four numbers: any CPU, NEON, AVX2, AVX-512 VBMI.
const ck_matrix_kernel *ck_bits_kernel(int type, ck_level level);

// `most`: the largest absolute value of a prepared number. Of 8191, four fit 16 bits; of 511, 64.
enum { CK_BITS_MOST_14 = 8191, CK_BITS_MOST_10 = 511 };
void ck_bits_prepare(const float *x, void *prepared, size_t k, int most, ck_level level);
size_t ck_bits_prepared_size(size_t k);
