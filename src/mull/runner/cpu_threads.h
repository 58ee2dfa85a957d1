/* A small persistent pool. All threads run the same function; inside it they share out numbered items
   and meet at barriers. Waiting spins briefly, then yields, then (between steps) sleeps: quick when the
   cores are ours, harmless when they are not. */
#ifndef MULL_CPU_THREADS_H
#define MULL_CPU_THREADS_H

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

enum { SPINS = 2000, YIELDS = 200 };

typedef struct {
    int size;                 /* threads, the caller included */
    atomic_int next;          /* the next item nobody has taken */
    atomic_int arrived;       /* threads at the barrier */
    atomic_uint passed;       /* barriers passed */
    atomic_uint started;      /* calls of run() */
    int stopping;
    int sleepers;
    pid_t owner;              /* threads do not survive fork() */
    void (*work)(void *, int);
    void *argument;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    pthread_t *threads;
} pool;

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

/* Items [first, returned) are the caller's, at most `grain` of them; nothing when first >= n. */
static inline int take(pool *p, int n, int grain, int *last) {
    const int first = atomic_fetch_add(&p->next, 1) * grain;
    *last = first + grain < n ? first + grain : n;
    return first;
}

/* All items of a phase are done, and every thread sees what the others wrote. */
static void barrier(pool *p) {
    const unsigned passed = atomic_load(&p->passed);
    if (atomic_fetch_add(&p->arrived, 1) + 1 == p->size) {
        atomic_store(&p->arrived, 0);
        atomic_store(&p->next, 0);
        atomic_store_explicit(&p->passed, passed + 1, memory_order_release);
    } else {
        wait_for_change(&p->passed, passed, -1);
    }
}

typedef struct {
    pool *p;
    int index;
} seat;

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
    if (p->size > 1) start_all(p);
    work(argument, 0);
}

static void pool_close(pool *p) {
    if (getpid() == p->owner && p->size > 1) {
        p->stopping = 1;
        start_all(p);
        for (int i = 1; i < p->size; i++) pthread_join(p->threads[i], NULL);
    }
    free(p->threads);
}

/* Starts up to `size` threads; p->size says how many there are. */
static void pool_open(pool *p, int size) {
    memset(p, 0, sizeof *p);
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->wake, NULL);
    p->owner = getpid();
    p->size = 1;
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
}

#endif
