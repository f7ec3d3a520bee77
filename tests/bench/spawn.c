/* spawn COUNT THREADS: /bin/true so many times, its output captured through a pipe; prints processes per second. The
   least that running a step can cost. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static void one(void) {
  int ends[2];
  char buffer[256];
  pid_t child;
  char *argv[] = {"true", NULL};
  posix_spawn_file_actions_t actions;
  if (pipe2(ends, O_CLOEXEC) != 0) abort();
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
  posix_spawn_file_actions_adddup2(&actions, ends[1], 2);
  if (posix_spawn(&child, "/bin/true", &actions, NULL, argv, environ) != 0) abort();
  posix_spawn_file_actions_destroy(&actions);
  close(ends[1]);
  while (read(ends[0], buffer, sizeof buffer) > 0) {
  }
  close(ends[0]);
  waitpid(child, NULL, 0);
}

static void *many(void *count) {
  for (long n = *(long *)count; n > 0; --n) one();
  return NULL;
}

int main(int argc, char **argv) {
  if (argc != 3) return fputs("spawn COUNT THREADS\n", stderr), 2;
  long count = atol(argv[1]) / atol(argv[2]);
  int threads = atoi(argv[2]);
  pthread_t running[16];
  struct timespec begun, ended;
  if (threads < 1 || threads > 16 || count < 1) return 2;
  clock_gettime(CLOCK_MONOTONIC, &begun);
  for (int n = 0; n < threads; ++n) pthread_create(&running[n], NULL, many, &count);
  for (int n = 0; n < threads; ++n) pthread_join(running[n], NULL);
  clock_gettime(CLOCK_MONOTONIC, &ended);
  double s = (double)(ended.tv_sec - begun.tv_sec) + (double)(ended.tv_nsec - begun.tv_nsec) * 1e-9;
  printf("%.1f\n", (double)(count * threads) / s);
  return 0;
}
