/* 8-bit multiplications and additions a second out of registers, by the best instruction this compiler may use
   here: one dot-product instruction (VNNI), or AVX2's three (16-bit pairs, 32-bit pairs, sum).
   cc -O3 -march=native dot8.c; ./a.out   prints 0 where the processor has neither */
#include <stdint.h>
#include <stdio.h>
#include <time.h>

#if defined(__AVX2__)
#include <immintrin.h>

enum { SUMS = 12, RUNS = 7, ROUNDS = 4000000 };

static inline __m256i dot(__m256i sum, __m256i a, __m256i b) {
#if defined(__AVX512VNNI__) && defined(__AVX512VL__)
    return _mm256_dpbusd_epi32(sum, a, b);
#elif defined(__AVXVNNI__)
    return _mm256_dpbusd_avx_epi32(sum, a, b);
#else
    __m256i pairs = _mm256_maddubs_epi16(a, b);
    return _mm256_add_epi32(sum, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
#endif
}

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

int main(void) {
    __m256i sums[SUMS], a = _mm256_set1_epi8(3), b = _mm256_set1_epi8(5);
    double best = 1e30;
    for (int s = 0; s < SUMS; s++) sums[s] = _mm256_setzero_si256();
    for (int run = 0; run < RUNS; run++) {
        double start = now();
        for (int round = 0; round < ROUNDS; round++) {
            __asm__ volatile("" : "+x"(a), "+x"(b)); /* keeps the products inside the loop */
            for (int s = 0; s < SUMS; s++) {
                __m256i other = a;
                __asm__("" : "+x"(other)); /* and each of them separate */
                sums[s] = dot(sums[s], other, b);
            }
        }
        double seconds = now() - start;
        if (seconds < best) best = seconds;
    }
    for (int s = 1; s < SUMS; s++) sums[0] = _mm256_add_epi32(sums[0], sums[s]);
    if (_mm256_extract_epi32(sums[0], 0) == 1) puts("");
    printf("%.0f\n", 2.0 * 32 * SUMS * ROUNDS / best);
    return 0;
}
#else
int main(void) {
    puts("0");
    return 0;
}
#endif
