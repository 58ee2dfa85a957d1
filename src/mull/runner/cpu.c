/* One forward step of a Qwen2 or Qwen3 decoder for any mix of rows; see base.py for what rows are and
   reference.py for what is computed. Plain C, called through ctypes by cpu.py, which checks shapes and
   owns weights and pages. Compiled once per instruction set (hatch_build.py). */
#define _GNU_SOURCE /* processor affinity */
#include "cpu_attention.h"
#include "cpu_choose.h"
#include "cpu_threads.h"

#if defined(__aarch64__) && defined(__linux__)
#include <sys/auxv.h>
#endif

#define EXPORT __attribute__((visibility("default")))

typedef struct {
    matrix qkv;  /* query, key and value heads, each part padded to 16 */
    matrix o;    /* attention output */
    matrix gate_up; /* gate then up, each padded to 16 */
    matrix down;
    const float *bias;       /* [qkv.n], or NULL */
    const float *input_norm, *post_norm;
    const float *q_norm, *k_norm; /* [head_dim], or NULL */
} layer;

typedef struct {
    int32_t layers, hidden, intermediate, heads, kv_heads, dim, vocab, context, pages;
    int32_t embedding_kind; /* F32 or BF16 */
    float eps;
    const void *embedding; /* [vocab][hidden] */
    const layer *layer;
    const float *norm;
    matrix head;
    cache cache;
    const float *cos, *sin; /* [rotations][dim / 2] */
    int32_t rotations;
} model;

/* Working memory: grows to the most rows seen, and stays zero in the padding that nobody writes. */
typedef struct {
    int rows;       /* capacity */
    char *memory;
    float *x;       /* residual stream [rows][hidden_padded] */
    operand in;     /* hidden-sized input of a matrix */
    operand mixed;  /* attention output, heads * dim */
    operand active; /* activation of the feed-forward, intermediate */
    float *qkv, *gate_up;
    int32_t *shared;
    const int32_t **tables;
} workspace;

typedef struct {
    pool pool;
    workspace space;
    int attention_size; /* floats per thread */
    float *attention;   /* [threads][attention_size] */
} runtime;

typedef struct {
    int32_t rows, chains, width, wanted;
    const int32_t *tokens, *positions, *chain, *tables, *wants;
    float *logits; /* [wanted][head.n] */
} batch;

typedef struct {
    const model *m;
    const batch *b;
    runtime *r;
} job;

enum { OK, INVALID, NEED_ROTATIONS, NO_MEMORY };

/* ---- row by row -------------------------------------------------------------------------------- */

static void rms_norm(const float *x, const float *weight, float *out, int n, float eps) {
    vfloat squares = {0};
    const int whole = n / LANES * LANES;
    for (int i = 0; i < whole; i += LANES) squares += load(x + i) * load(x + i);
    float sum = sum_lanes(squares);
    for (int i = whole; i < n; i++) sum += x[i] * x[i];
    const float scale = 1 / sqrtf(sum / (float)n + eps);
    for (int i = 0; i < n; i++) out[i] = x[i] * scale * weight[i];
}

static void norm_row(const job *j, const float *x, const float *weight, int row, int kind) {
    const operand *in = &j->r->space.in;
    rms_norm(x, weight, in->x + (size_t)row * in->stride, j->m->hidden, j->m->eps);
    if (kind == INT8) quantize(in, row, j->m->hidden);
}

static void embed_row(const job *j, int row) {
    const model *m = j->m;
    float *x = j->r->space.x + (size_t)row * j->r->space.in.stride;
    const size_t from = (size_t)j->b->tokens[row] * (size_t)m->hidden;
    if (m->embedding_kind == F32) memcpy(x, (const float *)m->embedding + from, (size_t)m->hidden * 4);
    else
        for (int i = 0; i < m->hidden; i++) x[i] = from_bf16(((const uint16_t *)m->embedding)[from + (size_t)i]);
}

/* Rotary embedding of one head in place, scaled; pair i is elements i and i + dim / 2. */
static void rotate(const model *m, float *x, int position, float scale) {
    const int half = m->dim / 2;
    const float *cos = m->cos + (size_t)position * (size_t)half, *sin = m->sin + (size_t)position * (size_t)half;
    for (int i = 0; i < half; i++) {
        const float a = x[i] * scale, b = x[i + half] * scale;
        x[i] = a * cos[i] - b * sin[i];
        x[i + half] = b * cos[i] + a * sin[i];
    }
}

static size_t query_width(const model *m) { return padded((size_t)(m->heads * m->dim), PANEL); }
static size_t key_width(const model *m) { return padded((size_t)(m->kv_heads * m->dim), PANEL); }
static size_t up_offset(const model *m) { return padded((size_t)m->intermediate, PANEL); }

/* Bias or head norm, rotation, and the row's key and value into its page. */
static void finish_qkv_row(const job *j, const layer *l, int index, int row) {
    const model *m = j->m;
    const int position = j->b->positions[row], dim = m->dim;
    float *q = j->r->space.qkv + (size_t)row * (size_t)l->qkv.n;
    float *k = q + query_width(m), *v = k + key_width(m);
    if (l->bias)
        for (int i = 0; i < l->qkv.n; i++) q[i] += l->bias[i];
    const float scale = 1 / sqrtf((float)dim);
    for (int h = 0; h < m->heads; h++) {
        if (l->q_norm) rms_norm(q + h * dim, l->q_norm, q + h * dim, dim, m->eps);
        rotate(m, q + h * dim, position, scale);
    }
    for (int h = 0; h < m->kv_heads; h++) {
        if (l->k_norm) rms_norm(k + h * dim, l->k_norm, k + h * dim, dim, m->eps);
        rotate(m, k + h * dim, position, 1);
        write_key_value(&m->cache, block_at(&m->cache, j->r->space.tables[row][position / PAGE], index, h),
                        position % PAGE, k + h * dim, v + h * dim);
    }
}

/* silu(gate) * up. */
static void activate_row(const job *j, const layer *l, int row) {
    const operand *active = &j->r->space.active;
    const float *gate = j->r->space.gate_up + (size_t)row * (size_t)l->gate_up.n, *up = gate + up_offset(j->m);
    float *out = active->x + (size_t)row * active->stride;
    for (int i = 0; i < j->m->intermediate; i += LANES) {
        const vfloat g = load(gate + i);
        store(out + i, g / (exponential(-g) + 1.0f) * load(up + i));
    }
    if (l->down.kind == INT8) quantize(active, row, j->m->intermediate);
}

/* ---- the step, run by every thread --------------------------------------------------------------- */

/* One item of work is `grain` of `n` things; the loop body handles [first, last). */
#define SHARE(n, grain) \
    for (int last, first; (first = take(&j->r->pool, thread, n, grain, &last)) < (n);)
#define SHARE_ROWS(n) \
    SHARE(n, (n) / (4 * j->r->pool.size) + 1) for (int row = first; row < last; row++)

static void multiply_all(const job *j, int thread, const matrix *w, const operand *o, int rows, float *y, size_t stride,
                         int add) {
    const int panels = w->n / PANEL, threads = j->r->pool.size;
    const int grain = threads == 1 ? panels : (int)padded((size_t)(panels / (4 * threads) + 1), 4);
    SHARE(panels, grain) matmul(w, o, rows, first, last, y, stride, add);
    barrier(&j->r->pool);
}

static void attend_all(const job *j, int thread, attention *a, int index) {
    const model *m = j->m;
    const workspace *s = &j->r->space;
    const int rows = j->b->rows, threads = j->r->pool.size, group = m->heads / m->kv_heads;
    int height = rows * m->kv_heads / (4 * threads); /* small enough to share out, large enough to share pages */
    if (threads == 1 || height > QUERIES / group) height = QUERIES / group;
    if (height < 1) height = 1;
    const int tiles = (rows + height - 1) / height;
    SHARE(tiles * m->kv_heads, 1) {
        const int row = first / m->kv_heads * height, count = rows - row < height ? rows - row : height;
        attend(a, index, first % m->kv_heads, row, count, s->qkv, (size_t)m->layer[index].qkv.n, s->mixed.x,
               s->mixed.stride);
    }
    barrier(&j->r->pool);
}

static void step(void *argument, int thread) {
    const job *j = argument;
    const model *m = j->m;
    const workspace *s = &j->r->space;
    pool *p = &j->r->pool;
    const int rows = j->b->rows;
    const size_t stride = s->in.stride;
    const places at = {j->b->positions, s->tables, s->shared};
    attention a;
    attention_init(&a, &m->cache, &at, m->heads / m->kv_heads, j->r->attention + thread * j->r->attention_size);

    for (int i = 0; i < m->layers; i++) {
        const layer *l = m->layer + i;
        SHARE_ROWS(rows) {
            if (i == 0) embed_row(j, row);
            norm_row(j, s->x + (size_t)row * stride, l->input_norm, row, l->qkv.kind);
        }
        barrier(p);
        multiply_all(j, thread, &l->qkv, &s->in, rows, s->qkv, (size_t)l->qkv.n, 0);
        SHARE_ROWS(rows) finish_qkv_row(j, l, i, row);
        barrier(p);
        attend_all(j, thread, &a, i);
        if (l->o.kind == INT8) {
            SHARE_ROWS(rows) quantize(&s->mixed, row, m->heads * m->dim);
            barrier(p);
        }
        multiply_all(j, thread, &l->o, &s->mixed, rows, s->x, stride, 1);
        SHARE_ROWS(rows) norm_row(j, s->x + (size_t)row * stride, l->post_norm, row, l->gate_up.kind);
        barrier(p);
        multiply_all(j, thread, &l->gate_up, &s->in, rows, s->gate_up, (size_t)l->gate_up.n, 0);
        SHARE_ROWS(rows) activate_row(j, l, row);
        barrier(p);
        multiply_all(j, thread, &l->down, &s->active, rows, s->x, stride, 1);
    }
    SHARE_ROWS(j->b->wanted)
        norm_row(j, s->x + (size_t)j->b->wants[row] * stride, m->norm, row, m->head.kind);
    barrier(p);
    multiply_all(j, thread, &m->head, &s->in, j->b->wanted, j->b->logits, (size_t)m->head.n, 0);
}

/* ---- memory and checks ----------------------------------------------------------------------------- */

static int invalid(const model *m, const batch *b) {
    for (int i = 0; i < b->rows; i++) {
        const int32_t position = b->positions[i], chain = b->chain[i];
        if ((uint32_t)b->tokens[i] >= (uint32_t)m->vocab || (uint32_t)position >= (uint32_t)m->context ||
            (uint32_t)chain >= (uint32_t)b->chains || position / PAGE >= b->width)
            return 1;
        int page = 0;
        if (i && chain == b->chain[i - 1]) {
            if (position <= b->positions[i - 1]) return 1;
            page = b->positions[i - 1] / PAGE + 1; /* those before were checked with the row before */
        }
        const int32_t *table = b->tables + (size_t)chain * (size_t)b->width;
        for (; page <= position / PAGE; page++)
            if ((uint32_t)table[page] >= (uint32_t)m->pages) return 1;
    }
    for (int i = 0; i < b->wanted; i++)
        if ((uint32_t)b->wants[i] >= (uint32_t)b->rows || (i && b->wants[i] <= b->wants[i - 1])) return 1;
    return 0;
}

static size_t take_bytes(size_t *at, size_t bytes) {
    const size_t start = *at;
    *at += padded(bytes, 64);
    return start;
}

/* Lays the workspace out from `base`; returns its size. Called with NULL to learn the size. */
static size_t lay_out(workspace *s, const model *m, char *base, int rows) {
    const size_t n = (size_t)rows;
    size_t at = 0;
#define FLOATS(width) (float *)(base + take_bytes(&at, n * (width) * sizeof(float)))
    const size_t widths[3] = {padded((size_t)m->hidden, 16), query_width(m), up_offset(m)};
    operand *operands[3] = {&s->in, &s->mixed, &s->active};
    s->x = FLOATS(widths[0]);
    for (int i = 0; i < 3; i++) {
        operand *o = operands[i];
        o->stride = widths[i];
        o->x = FLOATS(widths[i]);
        o->q = (quant *)(base + take_bytes(&at, n * widths[i] * sizeof(quant)));
        o->scales = FLOATS(1);
        o->offsets = (int32_t *)FLOATS(1);
    }
    s->qkv = FLOATS((size_t)m->layer[0].qkv.n);
    s->gate_up = FLOATS((size_t)m->layer[0].gate_up.n);
    s->shared = (int32_t *)FLOATS(1);
    s->tables = (const int32_t **)(base + take_bytes(&at, n * sizeof *s->tables));
#undef FLOATS
    s->rows = rows;
    return at;
}

static int reserve(workspace *s, const model *m, int rows) {
    if (rows <= s->rows) return 1;
    workspace bigger;
    const int capacity = rows < 2 * s->rows ? 2 * s->rows : rows;
    char *memory = zeroed(lay_out(&bigger, m, NULL, capacity));
    if (!memory) return 0;
    free(s->memory);
    lay_out(&bigger, m, memory, capacity);
    bigger.memory = memory;
    *s = bigger;
    return 1;
}

/* Each row's table, and how many leading pages it has in common with the row before. */
static void find_shared(workspace *s, const batch *b) {
    for (int i = 0; i < b->rows; i++) {
        const int32_t *table = b->tables + (size_t)b->chain[i] * (size_t)b->width;
        s->tables[i] = table;
        s->shared[i] = 0;
        if (i == 0) continue;
        const int here = b->positions[i] / PAGE + 1, before = b->positions[i - 1] / PAGE + 1;
        const int most = here < before ? here : before;
        int same = b->chain[i] == b->chain[i - 1] ? most : 0;
        while (same < most && table[same] == s->tables[i - 1][same]) same++;
        s->shared[i] = same;
    }
}

/* ---- what cpu.py calls ------------------------------------------------------------------------------- */

/* The instruction sets this processor can run, best first. */
EXPORT const char *mull_instruction_sets(void) {
#if defined(__x86_64__)
    __builtin_cpu_init();
    const int v3 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    const int v4 = v3 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                   __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
                   __builtin_cpu_supports("avx512vnni");
    return v4 ? "avx512 avx2 portable" : v3 ? "avx2 portable" : "portable";
#elif defined(__aarch64__) && defined(__APPLE__)
    return "dotprod portable";
#elif defined(__aarch64__) && defined(__linux__)
    return getauxval(AT_HWCAP) & (1 << 20) /* HWCAP_ASIMDDP */ ? "dotprod portable" : "portable";
#else
    return "portable";
#endif
}

EXPORT int64_t mull_panel_bytes(int kind, int k) { return (int64_t)panel_bytes(kind, k); }

EXPORT int64_t mull_page_bytes(int kind, int layers, int heads, int dim) {
    const cache c = {kind, layers, heads, dim, NULL};
    return (int64_t)(page_of(&c) * sizeof(float));
}

EXPORT void mull_pack(int kind, const float *w, int n, int k, void *panels, float *scales, int panel) {
    pack(kind, w, n, k, panels, scales, panel);
}

EXPORT void mull_to_bf16(const float *from, uint16_t *to, int64_t n) {
    for (int64_t i = 0; i < n; i++) to[i] = to_bf16(from[i]);
}

EXPORT runtime *mull_open(const model *m, int threads) {
    runtime *r = zeroed(sizeof *r);
    if (!r) return NULL;
    if (!pool_open(&r->pool, threads)) {
        free(r);
        return NULL;
    }
    r->attention_size = (int)attention_floats(&m->cache, m->heads / m->kv_heads);
    r->attention = zeroed((size_t)r->pool.size * (size_t)r->attention_size * sizeof(float));
    return r;
}

EXPORT int mull_threads(const runtime *r) { return r->pool.size; }

EXPORT void mull_close(runtime *r) {
    pool_close(&r->pool);
    free(r->space.memory);
    free(r->attention);
    free(r);
}

EXPORT int mull_step(runtime *r, const model *m, int rows, int chains, int width, int wanted,
                     const int32_t *tokens, const int32_t *positions, const int32_t *chain,
                     const int32_t *tables, const int32_t *wants, float *logits) {
    const batch b = {rows, chains, width, wanted, tokens, positions, chain, tables, wants, logits};
    if (invalid(m, &b)) return INVALID;
    for (int i = 0; i < rows; i++)
        if (positions[i] >= m->rotations) return NEED_ROTATIONS;
    if (!r->attention || !reserve(&r->space, m, rows)) return NO_MEMORY;
    find_shared(&r->space, &b);
    job j = {m, &b, r};
    run(&r->pool, step, &j);
    return OK;
}

/* The next token of each row. `work` has room for 3 * n words, aligned to 8 bytes; strides in floats. */
EXPORT void mull_choose(int rows, int n, const float *own, int own_stride, const float *adjusted,
                        int adjusted_stride, const wish *wishes, void *work,
                        int64_t *ids, double *logprobs, double *confidences) {
    const chooser c = {n, (int32_t *)((uint64_t *)work + n), work};
    for (int i = 0; i < rows; i++)
        choose_row(&c, wishes + i, own + (size_t)i * (size_t)own_stride,
               adjusted + (size_t)i * (size_t)adjusted_stride, ids + i, logprobs + i, confidences + i);
}

/* Checks the kernels of this instruction set against whole numbers they must reproduce exactly. */
EXPORT int mull_self_test(void) {
    enum { ROWS = 7, K = 48, N = 32 };
    static float w[N * K], scales[N], x_scales[ROWS], x[ROWS * K], y[ROWS * N];
    static quant q[ROWS * K];
    static int32_t offsets[ROWS];
    static char panels[N * K * 4] __attribute__((aligned(64)));
    for (int i = 0; i < N * K; i++) w[i] = (float)(i * 7 % 255 - 127);
    for (int i = 0; i < ROWS * K; i++) x[i] = (float)(i * 11 % 255 - 127);
    for (int n = 0; n < N; n++) w[n * K] = 127; /* so that quantizing changes nothing */
    for (int r = 0; r < ROWS; r++) x[r * K] = 127;
    for (int kind = F32; kind <= INT8; kind++) {
        pack(kind, w, N, K, panels, scales, 0);
        const matrix m = {kind, N, K, panels, scales};
        const operand o = {x, K, q, x_scales, offsets};
        for (int r = 0; r < ROWS; r++) quantize(&o, r, K);
        matmul(&m, &o, ROWS, 0, N / PANEL, y, N, 0);
        for (int r = 0; r < ROWS; r++)
            for (int n = 0; n < N; n++) {
                float sum = 0;
                for (int k = 0; k < K; k++) sum += x[r * K + k] * w[n * K + k];
                if (y[r * N + n] != sum) return 0;
            }
    }
    return fabsf(exponential(broadcast(-1.5f))[LANES - 1] - 0.22313016f) < 1e-7f;
}
