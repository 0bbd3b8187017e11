// A tree written down: one line an entry with kind, mode, owner, size, times and content, so that
// "untouched" is a comparison of two texts.
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "attack.h"

static uint64_t hash_bytes(uint64_t hash, const char *bytes, size_t count) {
  for (size_t i = 0; i < count; i++) hash = (hash ^ (unsigned char)bytes[i]) * 1099511628211u;
  return hash;
}

static uint64_t hash_content(const char *path, const struct stat *facts) {
  uint64_t hash = 14695981039346656037u;
  char bytes[65536];
  if (S_ISLNK(facts->st_mode)) {
    ssize_t size = readlink(path, bytes, sizeof bytes);
    return size < 0 ? hash : hash_bytes(hash, bytes, (size_t)size);
  }
  if (!S_ISREG(facts->st_mode)) return hash;
  int file = open(path, O_RDONLY | O_NOFOLLOW | O_NOATIME | O_CLOEXEC);
  if (file < 0) file = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
  for (ssize_t got; file >= 0 && (got = read(file, bytes, sizeof bytes)) > 0;)
    hash = hash_bytes(hash, bytes, (size_t)got);
  if (file >= 0) close(file);
  return hash;
}

static uint64_t hash_attributes(const char *path) {
  char names[4096];
  ssize_t size = llistxattr(path, names, sizeof names);
  return size <= 0 ? 0 : hash_bytes(14695981039346656037u, names, (size_t)size);
}

static void describe(FILE *out, const char *root, const char *relative) {
  const char *path = *relative ? text("%s/%s", root, relative) : root;
  struct stat facts;
  if (lstat(path, &facts) != 0) return;
  bool directory = S_ISDIR(facts.st_mode);
  fprintf(out, "%s\t%06o %u:%u %lld %lld.%09ld %016llx %016llx\n", *relative ? relative : ".",
          facts.st_mode, facts.st_uid, facts.st_gid, directory ? 0LL : (long long)facts.st_size,
          (long long)facts.st_mtim.tv_sec, facts.st_mtim.tv_nsec,
          (unsigned long long)hash_content(path, &facts),
          (unsigned long long)hash_attributes(path));
  if (!directory) return;
  struct dirent **entries = NULL;
  int count = scandir(path, &entries, NULL, alphasort);
  for (int i = 0; i < count; i++) {
    const char *name = entries[i]->d_name;
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0) continue;
    describe(out, root, *relative ? text("%s/%s", relative, name) : text("%s", name));
  }
  free(entries);
}

char *manifest(const char *root) {
  char *result = NULL;
  size_t size = 0;
  FILE *out = open_memstream(&result, &size);
  if (!out) return NULL;
  describe(out, root, "");
  fclose(out);
  return result;
}

int manifest_keep(const char *directory, const char *name) {
  char *lines = manifest(text("%s/%s", directory, name));
  if (!lines) return -1;
  return spit(text("%s/facts/manifest.%s", directory, name), lines, 0644);
}
