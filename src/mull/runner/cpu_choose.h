/* Choosing each row's next token. mull/engine/sampling.py defines what is computed and why chances are whole
   numbers; the choices here are the same to the last one. */
#ifndef MULL_CPU_CHOOSE_H
#define MULL_CPU_CHOOSE_H

#include <stdlib.h>

#include "cpu_simd.h"

enum { BUCKETS = 1024, BEST = 20 /* tokens that make up a confidence */ };

/* What one row asks for; `WISH` in choose.py. */
typedef struct {
    double temperature;
    int64_t top_k;
    double top_p, min_p;
    uint64_t stream;
    int64_t position, with_confidence;
} wish;

typedef struct {
    int n;              /* vocabulary */
    int32_t *chances;   /* [n] */
    uint64_t *members;  /* [n] */
} chooser;

static float highest(const float *x, int n) {
    const int whole = n / LANES * LANES;
    vfloat best = broadcast(-INFINITY);
    for (int i = 0; i < whole; i += LANES) best = larger(load(x + i), best);
    float top = max_lanes(best);
    for (int i = whole; i < n; i++) top = x[i] > top ? x[i] : top;
    return top;
}

static int index_of(const float *x, int n, float value) {
    for (int i = 0; i < n; i++)
        if (x[i] == value) return i;
    return 0; /* nothing but NaN */
}

static int64_t sum_of(const int32_t *x, int n) {
    int64_t sum = 0;
    for (int i = 0; i < n; i++) sum += x[i];
    return sum;
}

/* The product itself, not a part of a fused multiplication and addition: numpy has none. */
INLINE vfloat unfused(vfloat product) {
#if defined(__x86_64__)
    __asm__("" : "+v"(product));
#elif defined(__aarch64__)
    __asm__("" : "+w"(product));
#else
    __asm__("" : "+m"(product));
#endif
    return product;
}

/* 2^30 * 2^((logits - top) * rate), to the nearest whole number (Cephes exp2f). */
INLINE vint chances_of(vfloat logits, vfloat top, vfloat rate) {
    const vfloat x = larger(unfused((logits - top) * rate), broadcast(-40));
    const vint n = round_to_int(x);
    const vfloat r = x - to_float(n);
    vfloat p = unfused(r * 1.535336188e-4f) + 1.339887440e-3f;
    p = unfused(p * r) + 9.618437357e-3f;
    p = unfused(p * r) + 5.550332471e-2f;
    p = unfused(p * r) + 2.402264791e-1f;
    p = unfused(p * r) + 6.931472028e-1f;
    p = unfused(p * r) + 1.0f;
    return __builtin_convertvector(p * (vfloat)((n + (127 + 30)) << 23) + 0.5f, vint);
}

/* Fills `chances`, 2^30 for the likeliest token; returns their sum. */
static int64_t set_chances(const chooser *c, const float *logits, float highest, double temperature) {
    const double octaves = 1.4426950408889634 / temperature;
    const vfloat top = broadcast(highest), rate = broadcast((float)(octaves < 1e30 ? octaves : 1e30));
    const int whole = c->n / LANES * LANES;
    for (int i = 0; i < whole; i += LANES) {
        const vint found = chances_of(load(logits + i), top, rate);
        memcpy(c->chances + i, &found, sizeof found);
    }
    if (whole < c->n) {
        vfloat rest = {0};
        memcpy(&rest, logits + whole, (size_t)(c->n - whole) * sizeof(float));
        const vint found = chances_of(rest, top, rate);
        memcpy(c->chances + whole, &found, (size_t)(c->n - whole) * sizeof(int32_t));
    }
    return sum_of(c->chances, c->n);
}

/* Logarithmic and never falling: 32 buckets an octave. */
static int bucket_of(float chance) {
    uint32_t bits;
    memcpy(&bits, &chance, 4);
    return (int)(bits >> 18) - 127 * 32;
}

static float start_of(int bucket) {
    const uint32_t bits = (uint32_t)(bucket + 127 * 32) << 18;
    float chance;
    memcpy(&chance, &bits, 4);
    return chance;
}

static int descending(const void *a, const void *b) {
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x < y) - (x > y);
}

/* Keeps the likeliest tokens, the lower id first among equals, until what stands before a token reaches
   `enough` (their number, or the sum of their chances); the others' chances become 0. Returns the sum left. */
static int64_t keep_likeliest(const chooser *c, double enough, int by_number) {
    int64_t sums[BUCKETS] = {0}, before = 0;
    const int n = c->n; /* a copy, which no store can change */
    int32_t *const chances = c->chances;
    for (int i = 0; i < n; i++)
        if (chances[i]) sums[bucket_of((float)chances[i])] += by_number ? 1 : chances[i];
    int last = BUCKETS - 1; /* the bucket in which it is enough */
    while (last > 0 && (double)(before + sums[last]) < enough) before += sums[last--];
    const float from = start_of(last), to = start_of(last + 1);
    int members = 0;
    for (int i = 0; i < n; i++) { /* without branches, which could not be foreseen */
        c->members[members] = (uint64_t)chances[i] << 32 | (uint32_t)~i;
        members += ((float)chances[i] >= from) & ((float)chances[i] < to);
    }
    for (int i = 0; i < n; i++) chances[i] = (float)chances[i] < to ? 0 : chances[i];
    qsort(c->members, (size_t)members, sizeof *c->members, descending);
    for (int i = 0; i < members && (double)before < enough; i++) {
        const int32_t chance = (int32_t)(c->members[i] >> 32);
        chances[~(uint32_t)c->members[i]] = chance;
        before += by_number ? 1 : chance;
    }
    return by_number ? sum_of(chances, n) : before;
}

static uint64_t mix(uint64_t x, uint64_t value) { /* sampling.mix */
    x += value + 0x9E3779B97F4A7C15u;
    x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9u;
    x = (x ^ x >> 27) * 0x94D049BB133111EBu;
    return x ^ x >> 31;
}

/* Draws from the filtered chances, of which the sum before filtering is `total`. */
static int draw(const chooser *c, const wish *w, int64_t total, int likeliest) {
    const int n = c->n;
    int32_t *const chances = c->chances;
    if (w->top_k) total = keep_likeliest(c, (double)w->top_k, 1);
    if (w->top_p < 1) total = keep_likeliest(c, w->top_p * (double)total, 0);
    if (w->min_p > 0) {
        const double least = w->min_p * 1073741824;
        for (int i = 0; i < n; i++) chances[i] = chances[i] >= least ? chances[i] : 0;
        total = sum_of(chances, n);
    }
    const double uniform = (double)(mix(mix(0, w->stream), (uint64_t)w->position) >> 11) * 0x1p-53;
    int64_t target = (int64_t)(uniform * (double)total);
    if (target > total - 1) target = total - 1;
    int64_t sum = 0;
    for (int i = 0; i < n; i++)
        if ((sum += chances[i]) > target) return i;
    return likeliest;
}

/* Mean of the BEST highest values. */
static double mean_of_best(const float *x, int n) {
    float best[BEST];
    const int k = n < BEST ? n : BEST;
    int found = 0;
    for (int i = 0; i < n; i++) {
        if (found == k && !(x[i] > best[k - 1])) continue;
        int at = found < k ? found++ : k - 1;
        for (; at > 0 && x[i] > best[at - 1]; at--) best[at] = best[at - 1];
        best[at] = x[i];
    }
    double sum = 0;
    for (int i = 0; i < k; i++) sum += best[i];
    return sum / k;
}

/* One row: its choice among `adjusted`, and what the model itself, `own`, says about that. */
static void choose_row(const chooser *c, const wish *w, const float *own, const float *adjusted, int64_t *id,
                   double *logprob, double *confidence) {
    float top = highest(adjusted, c->n);
    *id = index_of(adjusted, c->n, top);
    int64_t total = 0;
    if (w->temperature > 0) {
        total = set_chances(c, adjusted, top, w->temperature);
        *id = draw(c, w, total, (int)*id);
    }
    if (own != adjusted) top = highest(own, c->n);
    if (own != adjusted || w->temperature != 1) total = set_chances(c, own, top, 1);
    const double norm = top + log((double)total * 0x1p-30);
    *logprob = own[*id] - norm;
    *confidence = w->with_confidence ? norm - mean_of_best(own, c->n) : NAN;
}

#endif
