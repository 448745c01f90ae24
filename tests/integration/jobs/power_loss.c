/* Power loss for one process: keeps, for every file it appends to, how much of it was forced to the disk.
 *
 * A kill keeps the page cache, a power loss does not. This shim, preloaded into Valkey, writes down after each fsync
 * how long the file was when it began; the test kills the server and cuts the file back to that. `everysec` promises
 * only what was forced a second ago, `always` everything that was answered.
 *
 * POWER_LOSS_LOG names the file that gets a line "path length" for each fsync that succeeded.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void note(int fd, off_t length) {
  char link[64], path[4096], line[4200];
  const char *log = getenv("POWER_LOSS_LOG");
  if (!log) return;
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t n = readlink(link, path, sizeof path - 1);
  if (n <= 0) return;
  path[n] = 0;
  int out = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);
  if (out < 0) return;
  int size = snprintf(line, sizeof line, "%s %lld\n", path, (long long)length);
  if (write(out, line, (size_t)size) != size) abort();
  close(out);
}

static int synced(int fd, const char *name) {
  int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
  struct stat before;
  /* What is written while the disk works may or may not be on it: only what was there before counts. */
  int known = fstat(fd, &before) == 0 && S_ISREG(before.st_mode);
  int result = real(fd);
  if (result == 0 && known) note(fd, before.st_size);
  return result;
}

int fsync(int fd) { return synced(fd, "fsync"); }

int fdatasync(int fd) { return synced(fd, "fdatasync"); }
