/* y = x Wᵀ with packed weights, for few rows x and wide W.

   W [n][k] is packed in panels of 16 columns (outputs): [n / 16][k / step][16][step], so that one
   32-bit lane holds `step` consecutive inputs of one output: 1 float, 2 bfloat16 or 4 int8. A tile
   of rows x panels keeps its sums in registers and runs over all k in order; every output is the same
   sum in the same order whatever the tile, so a row's result does not depend on the other rows. */
#ifndef MULL_CPU_MATMUL_H
#define MULL_CPU_MATMUL_H

#include "cpu_simd.h"

enum { F32, BF16, INT8 };

/* Most rows of a tile, so that its sums stay in registers. */
enum {
    TILE = ACCUMULATORS / VECTORS < 8 ? ACCUMULATORS / VECTORS : 8,
    TILE_INT8 = PARTS == 1 ? TILE : (TILE + 1) / 2,
};

typedef struct {
    int32_t kind; /* F32, BF16, INT8 */
    int32_t n;    /* outputs, a multiple of 16 */
    int32_t k;    /* inputs */
    const void *panels;
    const float *scales; /* INT8: [n], what an output's weights are multiplied by */
} matrix;

/* Rows to multiply: floats with zeros up to a multiple of 16, and for INT8 their quantized form. */
typedef struct {
    float *x;
    size_t stride; /* of x and q, a multiple of 16 */
    quant *q;
    float *scales;    /* [rows] */
    int32_t *offsets; /* [rows] what cancels WEIGHT_ZERO */
} operand;

static int step_of(int kind) { return kind == F32 ? 1 : kind == BF16 ? 2 : 4; }
static size_t bytes_of(int kind) { return kind == F32 ? 4 : kind == BF16 ? 2 : 1; }
static size_t padded(size_t n, size_t to) { return (n + to - 1) / to * to; }

static size_t panel_bytes(int kind, int k) {
    return padded((size_t)k, (size_t)step_of(kind)) * PANEL * bytes_of(kind);
}

/* Packs rows [n][k] of float32 weights into the panels from `panel` on; a short last panel gets zeros. */
static void pack(int kind, const float *w, int n, int k, void *panels, float *scales, int panel) {
    for (int first = 0; first < n; first += PANEL, panel++) {
        char *out = (char *)panels + (size_t)panel * panel_bytes(kind, k);
        memset(out, kind == INT8 ? WEIGHT_ZERO : 0, panel_bytes(kind, k));
        for (int column = 0; column < PANEL && first + column < n; column++) {
            const float *row = w + (size_t)(first + column) * (size_t)k;
            if (kind == F32) {
                for (int i = 0; i < k; i++) ((float *)out)[(size_t)i * PANEL + column] = row[i];
            } else if (kind == BF16) {
                uint16_t *to = (uint16_t *)out + 2 * column;
                for (int i = 0; i < k; i++) to[(size_t)(i / 2) * 2 * PANEL + i % 2] = to_bf16(row[i]);
            } else {
                float largest = 0;
                for (int i = 0; i < k; i++) largest = fmaxf(largest, fabsf(row[i]));
                const float inverse = largest > 0 ? 127 / largest : 0;
                uint8_t *to = (uint8_t *)out + 4 * column;
                scales[(size_t)panel * PANEL + column] = largest / 127;
                for (int i = 0; i < k; i++) {
                    const int byte = PARTS == 2 ? (i & 1) * 2 + (i >> 1 & 1) : i % 4;
                    to[(size_t)(i / 4) * 4 * PANEL + byte] = (uint8_t)(lrintf(row[i] * inverse) + WEIGHT_ZERO);
                }
            }
        }
    }
}

/* Symmetric 8-bit form of one row: q = round(x * 127 / max|x|). Padding stays zero. */
static void quantize(const operand *o, int row, int k) {
    const float *x = o->x + (size_t)row * o->stride;
    quant *q = o->q + (size_t)row * o->stride;
    vfloat most = {0};
    for (int i = 0; i < k; i += LANES) {
        const vfloat v = load(x + i);
        most = larger(most, larger(v, -v));
    }
    const float largest = max_lanes(most);
    const float inverse = largest > 0 ? 127 / largest : 0;
    vint sum = {0};
    for (int i = 0; i < k; i += LANES) {
        const vint v = round_to_int(load(x + i) * inverse);
        for (int lane = 0; lane < LANES; lane++) q[i + lane] = (quant)v[lane];
        sum += v;
    }
    int32_t total = 0;
    for (int lane = 0; lane < LANES; lane++) total += sum[lane];
    o->scales[row] = largest / 127;
    o->offsets[row] = -WEIGHT_ZERO * total;
}

/* sums[rows][VECTORS * panels] += x * b over `steps` lanes of b, `b_stride` lanes from step to step.
   Also the kernel of attention, where b are pages of keys or values. On its way it calls the `soon_count`
   blocks `soon` into the cache, a line a step: with several rows the core is too busy to run ahead itself. */
INLINE void multiply(const int kind, const int rows, const int panels, vfloat *sums, const float *x,
                     size_t x_stride, const float *const *b, size_t b_stride, int steps,
                     const float *const *soon, int soon_count) {
    const int width = panels * VECTORS;
    for (int s = 0; s < steps; s++) {
        if (soon_count)
            UNROLL for (int j = 0; j < soon_count; j++)
                __builtin_prefetch(soon[j] + (size_t)s * PANEL, 0, 2);
        if (kind == F32) {
            vfloat w[8];
            UNROLL for (int j = 0; j < width; j++)
                w[j] = load(b[j / VECTORS] + (size_t)s * b_stride + j % VECTORS * LANES);
            UNROLL for (int i = 0; i < rows; i++) {
                const vfloat a = broadcast(x[(size_t)i * x_stride + (size_t)s]);
                UNROLL for (int j = 0; j < width; j++) sums[i * width + j] += a * w[j];
            }
        } else {
            vint w[8];
            UNROLL for (int j = 0; j < width; j++)
                w[j] = load_int(b[j / VECTORS] + (size_t)s * b_stride + j % VECTORS * LANES);
            UNROLL for (int i = 0; i < rows; i++) {
                const vfloat a = broadcast(x[(size_t)i * x_stride + 2 * (size_t)s]);
                UNROLL for (int j = 0; j < width; j++) sums[i * width + j] += a * low_bf16(w[j]);
            }
            UNROLL for (int i = 0; i < rows; i++) {
                const vfloat a = broadcast(x[(size_t)i * x_stride + 2 * (size_t)s + 1]);
                UNROLL for (int j = 0; j < width; j++) sums[i * width + j] += a * high_bf16(w[j]);
            }
        }
    }
}

INLINE void multiply_int8(const int rows, const int panels, vint *sums, const quant *q, size_t q_stride,
                          const char *w, size_t w_stride, int steps) {
    enum { WORD = 4 / sizeof(quant) };
    const int width = panels * VECTORS;
    for (int s = 0; s < steps; s++) {
        vint b[8];
        UNROLL for (int j = 0; j < width; j++)
            b[j] = load_int(w + (size_t)(j / VECTORS) * w_stride +
                            ((size_t)s * PANEL + (size_t)(j % VECTORS * LANES)) * 4);
        UNROLL for (int p = 0; p < PARTS; p++) {
            vint parts[8];
            UNROLL for (int j = 0; j < width; j++) parts[j] = part(b[j], p);
            UNROLL for (int i = 0; i < rows; i++) {
                int32_t word;
                memcpy(&word, q + (size_t)i * q_stride + (size_t)(s * PARTS + p) * WORD, sizeof word);
                const vint a = broadcast_int(word);
                UNROLL for (int j = 0; j < width; j++)
                    sums[i * width + j] = dot(sums[i * width + j], a, parts[j]);
            }
        }
    }
}

/* Panels that a tile takes at once: with few rows more, so that enough sums hide the latency of one. */
#define PANELS_FOR(kind, rows)                                                                             \
    (((kind) == INT8 && LANES < 16) || VECTORS * 2 > 8 || (rows) * VECTORS * 2 > ACCUMULATORS - 4 * ((kind) == BF16) ? 1    \
     : (rows) * VECTORS * 4 > ACCUMULATORS || VECTORS * 4 > 8                 ? 2                          \
                                                                              : 4)

/* One tile: rows [row, row + rows) times panels [panel, panel + panels); set or added to y. */
INLINE void tile(const int kind, const int rows, const int panels, const matrix *m, const operand *o,
                 int row, int panel, float *y, size_t y_stride, int add) {
    const int width = panels * VECTORS;
    vfloat sums[TILE * 8];
    const size_t size = panel_bytes(kind, m->k);
    const char *w = (const char *)m->panels + (size_t)panel * size;
    if (kind == INT8) {
        vint exact[TILE * 8];
        UNROLL for (int i = 0; i < rows; i++)
            UNROLL for (int j = 0; j < width; j++) exact[i * width + j] = broadcast_int(o->offsets[row + i]);
        multiply_int8(rows, panels, exact, o->q + (size_t)row * o->stride, o->stride, w, size, (m->k + 3) / 4);
        UNROLL for (int i = 0; i < rows; i++) {
            const vfloat scale = broadcast(o->scales[row + i]);
            UNROLL for (int j = 0; j < width; j++)
                sums[i * width + j] = to_float(exact[i * width + j]) *
                                      (scale * load(m->scales + (size_t)panel * PANEL + j * LANES));
        }
    } else {
        const float *b[8], *soon[8];
        UNROLL for (int j = 0; j < panels; j++) b[j] = (const float *)(w + (size_t)j * size);
        UNROLL for (int j = 0; j < panels; j++) soon[j] = b[j] + 1024;
        UNROLL for (int j = 0; j < rows * width; j++) sums[j] = (vfloat){0};
        multiply(kind, rows, panels, sums, o->x + (size_t)row * o->stride, o->stride, b, PANEL,
                 kind == F32 ? m->k : (m->k + 1) / 2, soon,
                 row == 0 && rows > (kind == F32 ? 3 : 1) ? panels : 0);
    }
    UNROLL for (int i = 0; i < rows; i++) {
        float *out = y + (size_t)(row + i) * y_stride + (size_t)panel * PANEL;
        UNROLL for (int j = 0; j < width; j++)
            store(out + j * LANES, add ? load(out + j * LANES) + sums[i * width + j] : sums[i * width + j]);
    }
}

INLINE void tiles(const int kind, const int rows, const matrix *m, const operand *o, int row, int panel,
                  int last, float *y, size_t y_stride, int add) {
    const int at_once = PANELS_FOR(kind, rows);
    for (; panel + at_once <= last; panel += at_once)
        tile(kind, rows, at_once, m, o, row, panel, y, y_stride, add);
    for (; panel < last; panel++) tile(kind, rows, 1, m, o, row, panel, y, y_stride, add);
}

#define ROWS_CASE(count) \
    case count: tiles(kind, count, m, o, row, panel, last, y, y_stride, add); break;

INLINE void rows_by_panels(const int kind, int rows, const matrix *m, const operand *o, int row, int panel,
                           int last, float *y, size_t y_stride, int add) {
    switch (rows) {
        ROWS_CASE(1)
        ROWS_CASE(2)
        ROWS_CASE(3)
        ROWS_CASE(4)
        ROWS_CASE(5)
        ROWS_CASE(6)
#if LANES == 16
        ROWS_CASE(7)
        ROWS_CASE(8)
#endif
    }
}

/* y[rows][n] (+)= x Wᵀ for panels [first, last). Rows are cut into tiles of nearly equal height. */
static void matmul(const matrix *m, const operand *o, int rows, int first, int last, float *y,
                   size_t y_stride, int add) {
    const int tallest = m->kind == INT8 ? TILE_INT8 : TILE, count = (rows + tallest - 1) / tallest;
    for (int panel = first; panel < last; panel += 4) {
        const int end = panel + 4 < last ? panel + 4 : last;
        for (int i = 0; i < count; i++) {
            const int row = (int)((int64_t)rows * i / count), height = (int)((int64_t)rows * (i + 1) / count) - row;
            if (m->kind == F32) rows_by_panels(F32, height, m, o, row, panel, end, y, y_stride, add);
            else if (m->kind == BF16) rows_by_panels(BF16, height, m, o, row, panel, end, y, y_stride, add);
            else rows_by_panels(INT8, height, m, o, row, panel, end, y, y_stride, add);
        }
    }
}

#endif
