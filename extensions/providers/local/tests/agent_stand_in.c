/* Stands in for the agent in the provider's tests: enough of its two commands to see that the provider keeps its
 * side of the contract.
 *
 *   run --state-dir D        wants D/join-token with mode 0600, writes D/seen, and waits
 *   host-init --state-dir D  first process of a host: keeps one `run` alive, reaps, ends on SIGTERM
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile sig_atomic_t asked_to_end;

static void on_term(int number) {
  (void)number;
  asked_to_end = 1;
}

static int run(const char *folder) {
  char path[4096];
  struct stat token;
  snprintf(path, sizeof path, "%s/join-token", folder);
  if (stat(path, &token) != 0 || (token.st_mode & 07777) != 0600) {
    fprintf(stderr, "no join token with mode 0600 in %s\n", folder);
    return 1;
  }
  snprintf(path, sizeof path, "%s/seen", folder);
  int seen = open(path, O_CREAT | O_WRONLY | O_TRUNC, 0600);
  if (seen < 0) return 1;
  close(seen);
  while (!asked_to_end) pause();
  return 0;
}

static int host_init(const char *self, const char *folder) {
  pid_t agent = -1;
  while (!asked_to_end) {
    if (agent < 0) {
      agent = fork();
      if (agent == 0) {
        execl(self, self, "run", "--state-dir", folder, (char *)0);
        _exit(127);
      }
    }
    pid_t ended = waitpid(-1, 0, 0);
    if (ended == agent) {
      agent = -1;
      usleep(100000);
    }
  }
  kill(-1, SIGTERM);
  return 0;
}

int main(int argc, char **argv) {
  if (argc != 4 || strcmp(argv[2], "--state-dir") != 0) return 2;
  struct sigaction action = {.sa_handler = on_term};
  sigaction(SIGTERM, &action, 0);
  if (strcmp(argv[1], "run") == 0) return run(argv[3]);
  if (strcmp(argv[1], "host-init") == 0) return host_init(argv[0], argv[3]);
  return 2;
}
