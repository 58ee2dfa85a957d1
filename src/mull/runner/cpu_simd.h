/* Vectors of the instruction set that the file is compiled for.

   The compilers' generic vectors do nearly everything, so one source serves all sets: a vector has
   LANES lanes of 32 bits, and PANEL columns (see cpu_matmul.h) are VECTORS of them. Only the 8-bit
   dot product has no generic form; it is the one place with intrinsics. */
#ifndef MULL_CPU_SIMD_H
#define MULL_CPU_SIMD_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(__AVX512F__) || defined(__AVX2__) || defined(__SSE2__)
#include <immintrin.h>
#elif defined(__ARM_NEON)
#include <arm_neon.h>
#endif

#if defined(__AVX512F__)
#define LANES 16
#define ACCUMULATORS 24 /* how many a tile may keep in registers, with room for its operands */
#elif defined(__AVX2__)
#define LANES 8
#define ACCUMULATORS 12
#elif defined(__ARM_NEON)
#define LANES 4
#define ACCUMULATORS 24
#else
#define LANES 4
#define ACCUMULATORS 12
#endif

#define PANEL 16
#define VECTORS (PANEL / LANES)
#define INLINE static inline __attribute__((always_inline))
#define UNROLL _Pragma("GCC unroll 16")

typedef float vfloat __attribute__((vector_size(4 * LANES)));
typedef int32_t vint __attribute__((vector_size(4 * LANES)));
typedef float vfloat_unaligned __attribute__((vector_size(4 * LANES), aligned(4), may_alias));
typedef int32_t vint_unaligned __attribute__((vector_size(4 * LANES), aligned(4), may_alias));

INLINE vfloat load(const float *p) { return *(const vfloat_unaligned *)p; }
INLINE vint load_int(const void *p) { return *(const vint_unaligned *)p; }
INLINE void store(float *p, vfloat v) { *(vfloat_unaligned *)p = v; }
INLINE vfloat broadcast(float x) { return x - (vfloat){0}; }
INLINE vint broadcast_int(int32_t x) { return x - (vint){0}; }
INLINE vfloat to_float(vint v) { return __builtin_convertvector(v, vfloat); }

INLINE vfloat larger(vfloat a, vfloat b) {
    const vint mask = a > b;
    return (vfloat)((mask & (vint)a) | (~mask & (vint)b));
}

/* Lane 0, 1, … in a fixed order, so that a sum never depends on anything but its terms. */
INLINE float sum_lanes(vfloat v) {
    float sum = 0;
    for (int i = 0; i < LANES; i++) sum += v[i];
    return sum;
}

INLINE float max_lanes(vfloat v) {
    float max = v[0];
    for (int i = 1; i < LANES; i++) max = v[i] > max ? v[i] : max;
    return max;
}

/* Nearest whole number, |x| < 2^22: adding 1.5 * 2^23 leaves it in the low bits of the mantissa. */
INLINE vint round_to_int(vfloat x) { return (vint)(x + 12582912.0f) - 0x4B400000; }

/* e^x to about 2 units in the last place; x is clamped to the range of normal numbers.
   x = n ln 2 + r with |r| <= ln 2 / 2, e^r by a polynomial (Cephes expf), 2^n by the exponent bits. */
INLINE vfloat exponential(vfloat x) {
    x = larger(x, broadcast(-87.3f));
    x = -larger(-x, broadcast(-88.0f));
    const vint n = round_to_int(x * 1.44269504f);
    const vfloat whole = to_float(n);
    const vfloat r = x - whole * 0.693359375f + whole * 2.12194440e-4f;
    vfloat p = r * 1.9875691500e-4f + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = p * r * r + r + 1.0f;
    return p * (vfloat)((n + 127) << 23);
}

/* bfloat16: the upper half of a float32, rounded to nearest even. Two of them share a 32-bit lane. */
INLINE uint16_t to_bf16(float x) {
    uint32_t bits;
    memcpy(&bits, &x, 4);
    if ((bits & 0x7fffffff) > 0x7f800000) return (uint16_t)(bits >> 16 | 64); /* keep NaN a NaN */
    return (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

INLINE float from_bf16(uint16_t half) {
    const uint32_t bits = (uint32_t)half << 16;
    float x;
    memcpy(&x, &bits, 4);
    return x;
}

INLINE vfloat low_bf16(vint pair) { return (vfloat)(pair << 16); }
INLINE vfloat high_bf16(vint pair) { return (vfloat)(pair & (int32_t)0xffff0000); }

/* 8-bit dot products, exact in int32. A lane of the weights holds 4 consecutive inputs of one column,
   each plus WEIGHT_ZERO; `part` p of it is what one `dot` takes, together with the same inputs of one row: all 4 as
   bytes where there is an instruction for it, else inputs 0, 1 and then 2, 3 as 16-bit pairs. For the latter
   the bytes lie in the order 0 2 1 3, so that a part is the low or the high half of each 16 bits. */
#if defined(__AVX512VNNI__)
enum { PARTS = 1, WEIGHT_ZERO = 128 };
typedef int8_t quant;
INLINE vint part(vint weights, int p) { return (void)p, weights; }
INLINE vint dot(vint sum, vint activations, vint weights) {
    return (vint)_mm512_dpbusd_epi32((__m512i)sum, (__m512i)weights, (__m512i)activations);
}
#elif defined(__ARM_FEATURE_DOTPROD)
enum { PARTS = 1, WEIGHT_ZERO = 0 };
typedef int8_t quant;
INLINE vint part(vint weights, int p) { return (void)p, weights; }
INLINE vint dot(vint sum, vint activations, vint weights) {
    return (vint)vdotq_s32((int32x4_t)sum, (int8x16_t)weights, (int8x16_t)activations);
}
#else
enum { PARTS = 2, WEIGHT_ZERO = 128 };
typedef int16_t quant;
typedef uint16_t vhalves __attribute__((vector_size(4 * LANES)));
INLINE vint part(vint weights, int p) {
    return p == 0 ? weights & 0x00ff00ff : (vint)((vhalves)weights >> 8);
}
INLINE vint dot(vint sum, vint activations, vint weights) {
#if defined(__AVX2__)
    return sum + (vint)_mm256_madd_epi16((__m256i)weights, (__m256i)activations);
#elif defined(__SSE2__)
    return sum + (vint)_mm_madd_epi16((__m128i)weights, (__m128i)activations);
#elif defined(__aarch64__)
    const int32x4_t low = vmull_s16(vget_low_s16((int16x8_t)weights), vget_low_s16((int16x8_t)activations));
    return sum + (vint)vpaddq_s32(low, vmull_high_s16((int16x8_t)weights, (int16x8_t)activations));
#else
    return sum + (weights & 0xffff) * ((activations << 16) >> 16) + (weights >> 16) * (activations >> 16);
#endif
}
#endif
#endif
