/* Power loss for one process: writes down, for every file and folder, how much of it was forced to the disk.
 *
 * A kill keeps the page cache, a power loss does not. This shim, preloaded, notes after each fsync how long the file
 * was when it began, or which names the folder had; the test kills the process and cuts everything back to that.
 * Valkey's `everysec` promises only what was forced a second ago, `always` everything that was answered.
 *
 * POWER_LOSS_LOG names the file that gets, for each fsync that succeeded, a line "file inode length path", or for each
 * name in a folder a line "name inode 0 path". A file is known by its inode: it may have another name by and by.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static void note(const char *what, ino_t inode, off_t length, const char *path, const char *name) {
  char line[8400];
  const char *log = getenv("POWER_LOSS_LOG");
  int out = log ? open(log, O_WRONLY | O_CREAT | O_APPEND, 0600) : -1;
  if (out < 0) return;
  int size = snprintf(line, sizeof line, "%s %llu %lld %s%s\n", what, (unsigned long long)inode, (long long)length,
                      path, name);
  if (write(out, line, (size_t)size) != size) abort();
  close(out);
}

static int synced(int fd, const char *function) {
  int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, function);
  char link[64], path[4096];
  struct stat before;
  struct dirent **names = NULL;
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t n = readlink(link, path, sizeof path - 1);
  path[n < 0 ? 0 : n] = 0;
  /* What is written while the disk works may or may not be on it: only what was there before counts. */
  int known = n > 0 && fstat(fd, &before) == 0;
  int count = known && S_ISDIR(before.st_mode) ? scandir(path, &names, NULL, NULL) : 0;
  int result = real(fd);
  if (result == 0 && known && S_ISREG(before.st_mode)) note("file", before.st_ino, before.st_size, path, "");
  for (int i = 0; i < count; i++) {
    char name[300];
    snprintf(name, sizeof name, "/%s", names[i]->d_name);
    if (result == 0) note("name", names[i]->d_ino, 0, path, name);
    free(names[i]);
  }
  free(names);
  return result;
}

int fsync(int fd) { return synced(fd, "fsync"); }

int fdatasync(int fd) { return synced(fd, "fdatasync"); }
