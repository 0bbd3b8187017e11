// Rows turned on their side: sixteen of them, a lane each.
#pragma once

#include "vnni.h"

#if defined(__x86_64__)
// Dwords 0 ..< 4 of sixteen rows, one register each. Rows beyond `last` repeat it.
VNNI_INLINE void ck_transpose(const uint8_t *from, size_t stride, size_t last, __m512i out[4]) {
  __m512i quads[4];
  for (size_t i = 0; i < 4; i++) {
    const uint8_t *rows[4];
    for (size_t lane = 0; lane < 4; lane++) {
      size_t r = lane * 4 + i;
      rows[lane] = from + (r < last ? r : last) * stride;
    }
    __m512i v = _mm512_castsi128_si512(_mm_loadu_si128((const __m128i *)(const void *)rows[0]));
    v = _mm512_inserti32x4(v, _mm_loadu_si128((const __m128i *)(const void *)rows[1]), 1);
    v = _mm512_inserti32x4(v, _mm_loadu_si128((const __m128i *)(const void *)rows[2]), 2);
    quads[i] = _mm512_inserti32x4(v, _mm_loadu_si128((const __m128i *)(const void *)rows[3]), 3);
  }
  __m512i a = _mm512_unpacklo_epi32(quads[0], quads[1]);
  __m512i b = _mm512_unpackhi_epi32(quads[0], quads[1]);
  __m512i c = _mm512_unpacklo_epi32(quads[2], quads[3]);
  __m512i d = _mm512_unpackhi_epi32(quads[2], quads[3]);
  out[0] = _mm512_unpacklo_epi64(a, c);
  out[1] = _mm512_unpackhi_epi64(a, c);
  out[2] = _mm512_unpacklo_epi64(b, d);
  out[3] = _mm512_unpackhi_epi64(b, d);
}

// Four bytes at one place of each of sixteen rows.
VNNI_INLINE __m512i ck_dwords(const uint8_t *from, size_t stride, size_t last) {
  const __m512i rows = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  __m512i row = _mm512_min_epu32(rows, _mm512_set1_epi32((int)last));
  __m512i offsets = _mm512_mullo_epi32(row, _mm512_set1_epi32((int)stride));
  return _mm512_i32gather_epi32(offsets, from, 1);
}

VNNI_INLINE __m512 ck_low_halves(__m512i v) { return _mm512_cvtph_ps(_mm512_cvtepi32_epi16(v)); }
VNNI_INLINE __m512 ck_high_halves(__m512i v) { return ck_low_halves(_mm512_srli_epi32(v, 16)); }
VNNI_INLINE __m512i ck_low_nibbles(__m512i v) { return _mm512_and_si512(v, _mm512_set1_epi8(15)); }
VNNI_INLINE __m512i ck_high_nibbles(__m512i v) { return ck_low_nibbles(_mm512_srli_epi16(v, 4)); }
#endif
