/* A small persistent pool. All threads run the same function; inside it they share out numbered items
   and meet at barriers. Each thread begins with the same part of the items in every step, so that what it
   reads stays in its own cache, and helps the others when it is done. Waiting spins briefly, then yields,
   then (between steps) sleeps: quick when the cores are ours, harmless when they are not. */
#ifndef MULL_CPU_THREADS_H
#define MULL_CPU_THREADS_H

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SPINS = 2000, YIELDS = 200, LINE = 64 };

/* What one thread tells the others, on a cache line of its own. */
typedef struct {
    _Alignas(LINE) atomic_int taken; /* blocks of its part that somebody has taken */
    atomic_int core;                 /* where it ran when the step began */
} desk;

typedef struct {
    int size;                            /* threads, the caller included */
    _Alignas(LINE) atomic_int arrived;   /* threads at the barrier */
    _Alignas(LINE) atomic_uint passed;   /* barriers passed */
    _Alignas(LINE) atomic_uint started;  /* calls of run() */
    _Alignas(LINE) int stopping;
    int sleepers;
    pid_t owner;              /* threads do not survive fork() */
    void (*work)(void *, int);
    void *argument;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    pthread_t *threads;
    desk *desks;
} pool;

static void *zeroed(size_t bytes) { /* whole cache lines */
    const size_t whole = (bytes + LINE - 1) / LINE * LINE;
    void *memory = NULL;
    if (posix_memalign(&memory, LINE, whole)) return NULL;
    return memset(memory, 0, whole);
}

static inline void pause_briefly(void) {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

/* Waits until *value differs from `old`; gives up after the yields if `patience` is finite. */
static int wait_for_change(atomic_uint *value, unsigned old, int yields) {
    for (int i = 0; i < SPINS; i++) {
        if (atomic_load_explicit(value, memory_order_acquire) != old) return 1;
        pause_briefly();
    }
    for (int i = 0; yields < 0 || i < yields; i++) {
        if (atomic_load_explicit(value, memory_order_acquire) != old) return 1;
        sched_yield();
    }
    return 0;
}

/* The items [returned, last) are the caller's, at most `grain` of them; nothing is left when returned >= n. */
static inline int take(pool *p, int thread, int n, int grain, int *last) {
    const int blocks = (n + grain - 1) / grain;
    for (int i = 0; i < p->size; i++) {
        const int whose = thread + i < p->size ? thread + i : thread + i - p->size;
        const int begin = blocks * whose / p->size, end = blocks * (whose + 1) / p->size;
        atomic_int *taken = &p->desks[whose].taken;
        if (atomic_load_explicit(taken, memory_order_relaxed) >= end - begin) continue;
        const int block = begin + atomic_fetch_add(taken, 1);
        if (block >= end) continue;
        *last = (block + 1) * grain < n ? (block + 1) * grain : n;
        return block * grain;
    }
    return n;
}

/* All items of a phase are done, and every thread sees what the others wrote. */
static void barrier(pool *p) {
    const unsigned passed = atomic_load(&p->passed);
    if (atomic_fetch_add(&p->arrived, 1) + 1 == p->size) {
        atomic_store(&p->arrived, 0);
        for (int i = 0; i < p->size; i++) atomic_store_explicit(&p->desks[i].taken, 0, memory_order_relaxed);
        atomic_store_explicit(&p->passed, passed + 1, memory_order_release);
    } else {
        wait_for_change(&p->passed, passed, -1);
    }
}

typedef struct {
    pool *p;
    int index;
} seat;

/* A thread that is woken tends to be put on the core of the one that woke it, and may be left there while
   others idle. Who finds itself on the core of a thread before it moves to another one. */
static void spread(pool *p, int thread) {
#ifdef __linux__
    const int core = sched_getcpu();
    atomic_store_explicit(&p->desks[thread].core, core, memory_order_relaxed);
    cpu_set_t allowed, others;
    int met = 0;
    for (int i = 0; i < thread; i++) met |= atomic_load_explicit(&p->desks[i].core, memory_order_relaxed) == core;
    if (!met || sched_getaffinity(0, sizeof allowed, &allowed)) return;
    others = allowed;
    for (int i = 0; i < p->size; i++) {
        const int taken = atomic_load_explicit(&p->desks[i].core, memory_order_relaxed);
        if (i != thread && taken >= 0) CPU_CLR(taken, &others);
    }
    if (CPU_COUNT(&others) == 0 || sched_setaffinity(0, sizeof others, &others)) return;
    sched_setaffinity(0, sizeof allowed, &allowed);
    atomic_store_explicit(&p->desks[thread].core, sched_getcpu(), memory_order_relaxed);
#else
    (void)p, (void)thread;
#endif
}

static void *serve(void *argument) {
    const seat mine = *(seat *)argument;
    free(argument);
    pool *p = mine.p;
    for (unsigned seen = 0;; seen++) {
        if (!wait_for_change(&p->started, seen, YIELDS)) {
            pthread_mutex_lock(&p->lock);
            p->sleepers++;
            while (atomic_load(&p->started) == seen) pthread_cond_wait(&p->wake, &p->lock);
            p->sleepers--;
            pthread_mutex_unlock(&p->lock);
        }
        if (p->stopping) return NULL;
        spread(p, mine.index);
        p->work(p->argument, mine.index);
    }
}

static void start_all(pool *p) {
    pthread_mutex_lock(&p->lock);
    atomic_fetch_add(&p->started, 1);
    if (p->sleepers) pthread_cond_broadcast(&p->wake);
    pthread_mutex_unlock(&p->lock);
}

/* Runs work(argument, 0 … size - 1) on all threads. `work` must end with a barrier. */
static void run(pool *p, void (*work)(void *, int), void *argument) {
    if (getpid() != p->owner) p->size = 1;
    p->work = work;
    p->argument = argument;
    if (p->size > 1) {
        spread(p, 0);
        start_all(p);
    }
    work(argument, 0);
}

static void pool_close(pool *p) {
    if (getpid() == p->owner && p->size > 1) {
        p->stopping = 1;
        start_all(p);
        for (int i = 1; i < p->size; i++) pthread_join(p->threads[i], NULL);
    }
    free(p->threads);
    free(p->desks);
}

/* Starts up to `size` threads; p->size says how many there are. 0 if there is no memory even for one. */
static int pool_open(pool *p, int size) {
    memset(p, 0, sizeof *p);
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->wake, NULL);
    p->owner = getpid();
    p->size = 1;
    p->desks = zeroed((size_t)size * sizeof *p->desks);
    if (!p->desks) return 0;
    for (int i = 0; i < size; i++) atomic_store(&p->desks[i].core, -1);
    p->threads = calloc((size_t)size, sizeof *p->threads);
    while (p->threads && p->size < size) {
        seat *s = malloc(sizeof *s);
        if (!s) break;
        *s = (seat){p, p->size};
        if (pthread_create(&p->threads[p->size], NULL, serve, s)) {
            free(s);
            break;
        }
        p->size++;
    }
    return 1;
}

#endif
