// Matrices of weights, as the file has them, times vectors of f32.
//
// A vector is first brought into the form that the kernel of the weights reads (an "activation"):
// once a vector, shared by every matrix that it meets. Then `multiply` computes a range of rows, so
// that threads share one matrix; what it gives for a row does not depend on the range.
#pragma once

#include "ckernels.h"

// How the numbers of a row lie in the file: the codes of GGUF.
enum {
  CK_TYPE_F32 = 0,
  CK_TYPE_F16 = 1,
  CK_TYPE_Q4_0 = 2,
  CK_TYPE_Q4_1 = 3,
  CK_TYPE_Q8_0 = 8,
  CK_TYPE_Q4_K = 12,
  CK_TYPE_Q6_K = 14,
  CK_TYPE_BF16 = 30,
  CK_TYPE_TQ2_0 = 35,
  CK_TYPE_Q1_0 = 41,
  CK_TYPE_Q2_0 = 42,
};

// The prepared forms of a vector.
enum ck_activation {
  CK_ACTIVATION_F32 = 0,   // as it is
  CK_ACTIVATION_Q8 = 1,    // 8 bits, one scale (rounded to f16) for 32 numbers, and their sum
  CK_ACTIVATION_Q8_K = 2,  // 8 bits, one scale (f32) for 256 numbers, and sums
  CK_ACTIVATION_Q8_HALVES = 3,  // as Q8, the halves of four blocks in another order
  // Sums of four numbers, in tables (bits.h), each number in 14 or 10 bits, one scale for 128.
  CK_ACTIVATION_SUMS_14 = 8,
  CK_ACTIVATION_SUMS_10 = 9,
};

typedef struct {
  int activation;  // which form of x it reads: enum ck_activation
  int row_group;   // rows lie interleaved in groups of so many; 1: in place, as in the file
  // From rows of the file to the interleaved form, of the same size. NULL where row_group is 1.
  void (*pack)(const void *rows_in_file, void *packed, size_t rows, size_t k);
  // y[c * y_stride + r] = row r · column c, for rows first_row ..< end_row.
  // first_row: a multiple of row_group; end_row: one, too, or the number of rows.
  // k: numbers a row, whole blocks. x_stride: bytes from one prepared column to the next.
  // y_stride: floats. Reads no byte outside the rows of its range and the columns.
  void (*multiply)(const void *weights, size_t k, size_t first_row, size_t end_row, const void *x,
                   size_t x_stride, size_t columns, float *y, size_t y_stride);
} ck_matrix_kernel;

// The fastest kernel for a type that needs no more than `level`. NULL: a type we do not know.
const ck_matrix_kernel *ck_matrix_kernel_for(int type, ck_level level);

// Bytes of a prepared vector of k numbers: a multiple of 64. 0: no such form.
size_t ck_activation_size(int activation, size_t k);

// `prepared` starts at a multiple of 64 and has ck_activation_size bytes.
void ck_prepare_activation(int activation, const float *x, void *prepared, size_t k,
                           ck_level level);

// Numbers a block and bytes a block. 0: a type we do not know.
size_t ck_block_length(int type);
size_t ck_block_size(int type);

// k numbers (whole blocks) as f32, exactly as ggml gives them.
void ck_dequantize_row(int type, const void *row, float *out, size_t k);
