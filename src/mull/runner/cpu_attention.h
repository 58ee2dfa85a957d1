/* Causal attention over pages of keys and values.

   A page holds 16 positions of one chain for all layers and heads. Per layer and key-value head: keys
   transposed, [head_dim][16], so that 16 scores are one panel; then values [16][head_dim padded to 16].
   With bfloat16 two neighbours (dimensions of a key, positions of a value) share a 32-bit lane.

   A tile is a few neighbouring rows with their query heads of one key-value head. It walks the positions
   in spans, keeping for each query a running maximum, sum and output (online softmax: Milakov &
   Gimelshein 2018, arXiv 1805.02867; FlashAttention: Dao et al. 2022, arXiv 2205.14135), so memory does
   not grow with the context. Within a tile, neighbouring rows whose tables begin with the same pages (rows
   of one prompt chunk, chains forked from one prompt) go through those pages together: a page is loaded
   once for all their queries. What is computed for a row, and in which order, is always the same. */
#ifndef MULL_CPU_ATTENTION_H
#define MULL_CPU_ATTENTION_H

#include "cpu_matmul.h"

enum { PAGE = 16, SPAN = 128, QUERIES = 48, AHEAD = 4 /* pages */ };

/* The memory of the pages: `block` 32-bit lanes hold the keys or the values of one layer and head. */
typedef struct {
    int32_t kind; /* F32 or BF16 */
    int32_t layers, heads, dim;
    float *pages; /* [pages][layers][heads][keys, values][block] */
} cache;

static size_t dim_padded(const cache *c) { return padded((size_t)c->dim, PANEL); }
static size_t block_of(const cache *c) { return dim_padded(c) * PAGE / (size_t)step_of(c->kind); }
static size_t page_of(const cache *c) { return (size_t)(c->layers * c->heads) * 2 * block_of(c); }

/* Keys of (page, layer, head); the values follow after `block_of`. */
static float *block_at(const cache *c, int page, int layer, int head) {
    return c->pages + (size_t)page * page_of(c) + (size_t)(layer * c->heads + head) * 2 * block_of(c);
}

static void write_key_value(const cache *c, float *block, int slot, const float *key, const float *value) {
    const size_t wide = dim_padded(c);
    float *values = block + block_of(c);
    if (c->kind == F32) {
        for (int d = 0; d < c->dim; d++) block[d * PAGE + slot] = key[d];
        memcpy(values + (size_t)slot * wide, value, (size_t)c->dim * sizeof *value);
    } else {
        /* 16 bits at a time: the other half of a value's lane is another position, perhaps another thread's. */
        uint16_t *k = (uint16_t *)block + 2 * slot, *v = (uint16_t *)values + slot / 2 * 2 * wide + slot % 2;
        for (int d = 0; d < c->dim; d++) k[d / 2 * 2 * PAGE + d % 2] = to_bf16(key[d]);
        for (int d = 0; d < c->dim; d++) v[2 * d] = to_bf16(value[d]);
    }
}

/* Where a tile's rows stand in the step. */
typedef struct {
    const int32_t *positions;      /* [rows] */
    const int32_t *const *tables;  /* [rows] the row's pages */
    const int32_t *shared;         /* [rows] leading pages in common with the row before */
} places;

typedef struct {
    const cache *c;
    const places *at;
    int layer, head, group; /* group: query heads per key-value head */
    int row;                /* first row of the tile */
    int start;              /* first page of the span */
    float *queries;         /* [rows * group][dim_padded] */
    float *scores;          /* [rows * group][SPAN] */
    float *out;             /* [rows * group][dim_padded] */
    float *max;             /* [rows * group] */
    float *sum;             /* [rows * group][LANES], to be added up at the end */
} attention;

static size_t attention_floats(const cache *c, int group) {
    const size_t queries = (size_t)(group > QUERIES ? group : QUERIES);
    return padded(queries * (2 * dim_padded(c) + SPAN + 1 + LANES), 16);
}

static void attention_init(attention *a, const cache *c, const places *at, int group, float *memory) {
    const size_t queries = (size_t)(group > QUERIES ? group : QUERIES), wide = dim_padded(c);
    *a = (attention){.c = c, .at = at, .group = group, .queries = memory};
    a->out = a->queries + queries * wide;
    a->scores = a->out + queries * wide;
    a->max = a->scores + queries * SPAN;
    a->sum = a->max + queries;
}

static int pages_of(const attention *a, int row) { return a->at->positions[a->row + row] / PAGE + 1; }

/* Pages [page, end) of a table, and the table whose pages from `page` on come next, or NULL. */
typedef struct {
    const int32_t *table, *after;
    int page, end;
} stretch;

/* The page AHEAD of the one at `page`: its lines are called into the cache while this one is read. */
INLINE int soon_page(const stretch *r, int page) {
    const int beyond = page + AHEAD - r->end;
    return beyond < 0 ? r->table[page + AHEAD] : r->after ? r->after[r->page + beyond] : r->table[page];
}

/* scores = q Kᵀ for `count` queries from `first` over pages [page, end) of the run. */
INLINE void score(const attention *a, const int count, const int at_once, int first, const stretch *r, int page,
                  int end) {
    const size_t wide = dim_padded(a->c);
    for (; page < end; page += at_once) {
        const float *b[8], *soon[8];
        vfloat sums[TILE * 8];
        UNROLL for (int j = 0; j < at_once; j++) {
            b[j] = block_at(a->c, r->table[page + j], a->layer, a->head);
            soon[j] = block_at(a->c, soon_page(r, page + j), a->layer, a->head);
        }
        UNROLL for (int j = 0; j < count * at_once * VECTORS; j++) sums[j] = (vfloat){0};
        const float *q = a->queries + (size_t)first * wide;
        if (a->c->kind == F32) multiply(F32, count, at_once, sums, q, wide, b, PAGE, a->c->dim, soon, at_once);
        else multiply(BF16, count, at_once, sums, q, wide, b, PAGE, a->c->dim / 2, soon, at_once);
        float *s = a->scores + (size_t)first * SPAN + (size_t)(page - a->start) * PAGE;
        UNROLL for (int i = 0; i < count; i++)
            UNROLL for (int j = 0; j < at_once * VECTORS; j++)
                store(s + i * SPAN + j * LANES, sums[i * at_once * VECTORS + j]);
    }
}

/* out += scores V for `count` queries from `first` over the pages of the run. */
INLINE void weigh(const attention *a, const int count, const int at_once, int first, const stretch *r) {
    const size_t wide = dim_padded(a->c), block = block_of(a->c);
    const size_t steps = PAGE / (size_t)step_of(a->c->kind);
    for (size_t d = 0; d < wide; d += (size_t)at_once * PANEL) {
        vfloat sums[TILE * 8];
        float *out = a->out + (size_t)first * wide + d;
        UNROLL for (int i = 0; i < count; i++)
            UNROLL for (int j = 0; j < at_once * VECTORS; j++)
                sums[i * at_once * VECTORS + j] = load(out + (size_t)i * wide + j * LANES);
        for (int p = r->page; p < r->end; p++) {
            const float *b[8], *soon[8], *v = block_at(a->c, r->table[p], a->layer, a->head) + block;
            const float *next = block_at(a->c, soon_page(r, p), a->layer, a->head) + block + d * steps;
            UNROLL for (int j = 0; j < at_once; j++) b[j] = v + d + j * PANEL;
            UNROLL for (int j = 0; j < at_once; j++) soon[j] = next + j * PANEL * steps;
            const float *s = a->scores + (size_t)first * SPAN + (size_t)(p - a->start) * PAGE;
            if (a->c->kind == F32) multiply(F32, count, at_once, sums, s, SPAN, b, wide, PAGE, soon, at_once);
            else multiply(BF16, count, at_once, sums, s, SPAN, b, wide, PAGE / 2, soon, at_once);
        }
        UNROLL for (int i = 0; i < count; i++)
            UNROLL for (int j = 0; j < at_once * VECTORS; j++)
                store(out + (size_t)i * wide + j * LANES, sums[i * at_once * VECTORS + j]);
    }
}

typedef void visit(const attention *a, int count, int first, const stretch *r);

static void score_pages(const attention *a, int count, int first, const stretch *r) {
#define CASE(n)                                                            \
    case n: {                                                              \
        const int whole = r->page + (r->end - r->page) / PANELS_FOR(BF16, n) * PANELS_FOR(BF16, n); \
        score(a, n, PANELS_FOR(BF16, n), first, r, r->page, whole);             \
        if (PANELS_FOR(BF16, n) > 1) score(a, n, 1, first, r, whole, r->end);   \
        break;                                                             \
    }
    switch (count) {
        CASE(1) CASE(2) CASE(3) CASE(4) CASE(5) CASE(6)
#if LANES == 16
        CASE(7) CASE(8)
#endif
    }
#undef CASE
}

static void weigh_pages(const attention *a, int count, int first, const stretch *r) {
    const size_t wide = dim_padded(a->c);
#define CASE(n)                                                                                        \
    case n:                                                                                            \
        if (PANELS_FOR(BF16, n) > 1 && wide % (PANELS_FOR(BF16, n) * PANEL) == 0)                                  \
            weigh(a, n, PANELS_FOR(BF16, n), first, r);                                       \
        else weigh(a, n, 1, first, r);                                                  \
        break;
    switch (count) {
        CASE(1) CASE(2) CASE(3) CASE(4) CASE(5) CASE(6)
#if LANES == 16
        CASE(7) CASE(8)
#endif
    }
#undef CASE
}

/* Calls `f` for pages [page, stop) of rows [row, last), once for all rows that share the pages. */
static void each_page(const attention *a, visit *f, int row, int last, int page, int stop) {
    while (row < last) {
        int next = row + 1, end = pages_of(a, row) < stop ? pages_of(a, row) : stop;
        for (; next < last && a->at->shared[a->row + next] > page; next++)
            if (a->at->shared[a->row + next] < end) end = a->at->shared[a->row + next];
        if (page < end) {
            const int count = (next - row) * a->group, parts = (count + TILE - 1) / TILE;
            const int32_t *const *table = a->at->tables + a->row, *after = NULL;
            if (next < last && pages_of(a, next) >= page + AHEAD) after = table[next];
            const stretch r = {table[row], after, page, end};
            for (int i = 0; i < parts; i++) {
                const int first = count * i / parts;
                f(a, count * (i + 1) / parts - first, row * a->group + first, &r);
            }
            if (end < stop && next > row + 1) each_page(a, f, row, next, end, stop);
        }
        row = next;
    }
}

/* One query's scores of the span become weights exp(score - maximum); earlier sums are rescaled.
   Positions after the row's own are masked: their scores are computed with the page, then dropped. */
static void soften(const attention *a, int query, int count) {
    float *s = a->scores + (size_t)query * SPAN;
    const int whole = (int)padded((size_t)count, PAGE);
    for (int i = count; i < whole; i++) s[i] = -INFINITY;
    vfloat most = load(s);
    for (int i = LANES; i < whole; i += LANES) most = larger(most, load(s + i));
    const float largest = max_lanes(most);
    float *sum = a->sum + (size_t)query * LANES;
    if (largest > a->max[query]) {
        const float factor = exponential(broadcast(a->max[query] - largest))[0];
        float *out = a->out + (size_t)query * dim_padded(a->c);
        for (size_t d = 0; d < dim_padded(a->c); d++) out[d] *= factor;
        store(sum, load(sum) * factor);
        a->max[query] = largest;
    }
    const vfloat max = broadcast(a->max[query]);
    vfloat total = load(sum);
    for (int i = 0; i < whole; i += LANES) {
        const vfloat e = exponential(load(s + i) - max);
        store(s + i, e);
        total += e;
    }
    store(sum, total); /* what a masked position adds is below rounding */
    for (int i = count; i < whole; i++) s[i] = 0;
}

/* Attention of rows [row, row + rows) for one key-value head.
   q [rows][q_stride] and out [rows][out_stride] hold all query heads; q is already scaled. */
static void attend(attention *a, int layer, int head, int row, int rows, const float *q, size_t q_stride,
                   float *out, size_t out_stride) {
    const int group = a->group, dim = a->c->dim;
    const size_t wide = dim_padded(a->c), from = (size_t)(head * group * dim);
    a->layer = layer, a->head = head, a->row = row;
    int pages = 0;
    for (int i = 0; i < rows; i++) {
        if (pages_of(a, i) > pages) pages = pages_of(a, i);
        for (int j = 0; j < group; j++) {
            const int query = i * group + j;
            memcpy(a->queries + (size_t)query * wide, q + (size_t)(row + i) * q_stride + from + (size_t)(j * dim),
                   (size_t)dim * sizeof *q);
            memset(a->out + (size_t)query * wide, 0, wide * sizeof *out);
            a->max[query] = -INFINITY;
            store(a->sum + (size_t)query * LANES, (vfloat){0});
        }
    }
    for (a->start = 0; a->start < pages; a->start += SPAN / PAGE) {
        const int stop = a->start + SPAN / PAGE;
        each_page(a, score_pages, 0, rows, a->start, stop);
        for (int i = 0; i < rows; i++) {
            const int left = a->at->positions[row + i] + 1 - a->start * PAGE;
            for (int j = 0; left > 0 && j < group; j++) soften(a, i * group + j, left < SPAN ? left : SPAN);
        }
        each_page(a, weigh_pages, 0, rows, a->start, stop);
    }
    for (int query = 0; query < rows * group; query++) {
        float *to = out + (size_t)(row + query / group) * out_stride + from + (size_t)(query % group * dim);
        const float inverse = 1 / sum_lanes(load(a->sum + (size_t)query * LANES)), *o = a->out + (size_t)query * wide;
        for (int d = 0; d < dim; d++) to[d] = o[d] * inverse;
    }
}

#endif
