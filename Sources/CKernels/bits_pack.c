// From rows as the file has them to columns of bytes of sixteen rows.
#include "bits.h"

#include "blocks.h"

// The lowest bits of the eight bytes, in the order of the bytes.
static uint8_t lowest_bits(uint64_t bytes) {
  return (uint8_t)((bytes & 0x0101010101010101) * 0x0102040810204080 >> 56);
}

static uint64_t eight_bytes(const uint8_t *at) {
  uint64_t result;
  memcpy(&result, at, 8);
  return result;
}

// Eight codes of two bits to a byte each.
static uint64_t spread(const uint8_t codes[2]) {
  uint64_t bits = codes[0] | (uint64_t)codes[1] << 32;
  bits = (bits | bits << 12) & 0x000f000f000f000f;
  return (bits | bits << 6) & 0x0303030303030303;
}

static inline uint16_t columns_of(ck_bits_kind kind, const void *block, uint8_t *columns) {
  switch (kind) {
    case CK_BITS_Q1_0: {
      const ck_block_q1_0 *b = block;
      memcpy(columns, b->bits, 16);
      return b->d;
    }
    case CK_BITS_Q2_0: {
      const ck_block_q2_0 *b = block;
      for (size_t m = 0; m < 8; m++) {
        uint64_t codes = spread(b->codes + 2 * m);
        columns[m] = lowest_bits(codes);
        columns[8 + m] = lowest_bits(codes >> 1);
      }
      return b->d;
    }
    default: {
      const ck_block_tq2_0 *b = block;
      for (size_t half = 0; half < 2; half++) {
        for (size_t m = 0; m < 16; m++) {
          // Weights 8m ..< 8m + 8 of this half: bits 2·(m / 4) of eight bytes in a row.
          uint64_t codes = eight_bytes(b->codes + 32 * half + 8 * (m % 4)) >> (2 * (m / 4));
          columns[32 * half + m] = lowest_bits(codes);
          columns[32 * half + 16 + m] = lowest_bits(codes >> 1);
        }
      }
      return b->d;
    }
  }
}

uint16_t ck_bits_columns(ck_bits_kind kind, const void *block, uint8_t *columns) {
  return columns_of(kind, block, columns);
}

typedef uint8_t sixteen __attribute__((vector_size(16)));

// Rows of sixteen bytes to columns. What lies i and i + 8 rows down comes together, four times.
static void transpose(const uint8_t *rows, size_t stride, uint8_t *columns) {
  sixteen from[16], to[16];
  for (size_t i = 0; i < 16; i++) memcpy(from + i, rows + stride * i, 16);
  for (int round = 0; round < 4; round++) {
    for (size_t i = 0; i < 8; i++) {
      to[2 * i] = __builtin_shufflevector(from[i], from[i + 8], 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5,
                                          21, 6, 22, 7, 23);
      to[2 * i + 1] = __builtin_shufflevector(from[i], from[i + 8], 8, 24, 9, 25, 10, 26, 11, 27, 12,
                                              28, 13, 29, 14, 30, 15, 31);
    }
    memcpy(from, to, sizeof from);
  }
  memcpy(columns, from, sizeof from);
}

static inline __attribute__((always_inline)) void pack(ck_bits_kind kind, const void *source, void *packed, size_t rows, size_t k,
                        size_t block_length, size_t block_size, size_t columns) {
  size_t blocks = k / block_length, row_size = blocks * block_size;
  size_t whole = rows / CK_BITS_GROUP * CK_BITS_GROUP;
  uint8_t *out = packed;
  for (size_t r = 0; r < whole; r += CK_BITS_GROUP) {
    for (size_t b = 0; b < blocks; b++, out += CK_BITS_GROUP * block_size) {
      const uint8_t *first = (const uint8_t *)source + r * row_size + b * block_size;
      uint8_t bytes[CK_BITS_GROUP][64];
      for (size_t row = 0; row < CK_BITS_GROUP; row++) {
        uint16_t d = columns_of(kind, first + row * row_size, bytes[row]);
        memcpy(out + CK_BITS_GROUP * columns + 2 * row, &d, 2);
      }
      for (size_t m = 0; m < columns; m += 16) {
        transpose(bytes[0] + m, sizeof bytes[0], out + CK_BITS_GROUP * m);
      }
    }
  }
  memcpy(out, (const uint8_t *)source + whole * row_size, (rows - whole) * row_size);
}

void ck_bits_pack_q1_0(const void *source, void *packed, size_t rows, size_t k) {
  pack(CK_BITS_Q1_0, source, packed, rows, k, 128, sizeof(ck_block_q1_0), 16);
}

void ck_bits_pack_q2_0(const void *source, void *packed, size_t rows, size_t k) {
  pack(CK_BITS_Q2_0, source, packed, rows, k, 64, sizeof(ck_block_q2_0), 16);
}

void ck_bits_pack_tq2_0(const void *source, void *packed, size_t rows, size_t k) {
  pack(CK_BITS_TQ2_0, source, packed, rows, k, 256, sizeof(ck_block_tq2_0), 64);
}
