/* Bytes read a second: the fastest of several sums over `bytes`, on `threads` threads.
   cc -O3 -march=native -pthread bandwidth.c; ./a.out BYTES THREADS */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef uint64_t lane __attribute__((vector_size(32)));
enum { STREAMS = 8, RUNS = 7, MAX_THREADS = 64 };

static pthread_barrier_t together;
static size_t bytes, rounds;
static double seconds[MAX_THREADS][RUNS];
static volatile uint64_t sink;

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void *work(void *argument) {
    size_t me = (size_t)argument, count = bytes / sizeof(lane);
    lane *data = aligned_alloc(4096, bytes);
    memset(data, (int)me + 1, bytes);
    for (int run = 0; run < RUNS; run++) {
        pthread_barrier_wait(&together);
        double start = now();
        lane sums[STREAMS] = {0};
        for (size_t round = 0; round < rounds; round++) {
            for (size_t i = 0; i < count; i += STREAMS)
                for (int s = 0; s < STREAMS; s++) sums[s] += data[i + s];
            __asm__ volatile("" ::: "memory");
        }
        seconds[me][run] = now() - start;
        for (int s = 1; s < STREAMS; s++) sums[0] += sums[s];
        sink += sums[0][0];
    }
    free(data);
    return NULL;
}

int main(int argc, char **argv) {
    if (argc != 3) return 1;
    size_t threads = strtoul(argv[2], NULL, 10);
    if (threads < 1 || threads > MAX_THREADS) return 1;
    bytes = strtoul(argv[1], NULL, 10) / threads / 4096 * 4096;
    rounds = ((size_t)1 << 31) / (bytes * threads) + 1;
    pthread_barrier_init(&together, NULL, (unsigned)threads);
    pthread_t handles[MAX_THREADS];
    for (size_t t = 0; t < threads; t++) pthread_create(&handles[t], NULL, work, (void *)t);
    for (size_t t = 0; t < threads; t++) pthread_join(handles[t], NULL);
    double best = 0;
    for (int run = 0; run < RUNS; run++) {
        double slowest = 0;
        for (size_t t = 0; t < threads; t++)
            if (seconds[t][run] > slowest) slowest = seconds[t][run];
        double rate = (double)(bytes * threads * rounds) / slowest;
        if (rate > best) best = rate;
    }
    printf("%.0f\n", best);
    return 0;
}
