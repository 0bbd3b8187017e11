// Files that carry privilege out of the run: setuid, setgid, devices, capabilities. They run in a
// direct workspace, where a bit that is set is set on the host (a setuid-root file was made so once).
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "attack.h"

enum { FCHMODAT2 = 452 };

// The call's word, and then the file's.
static void judge(struct tries *tries, const char *what, long result, const char *path, mode_t bits) {
  struct stat facts;
  if (result >= 0 && lstat(path, &facts) == 0 && !(facts.st_mode & bits)) {
    errno = EPERM;
    result = -1;
    what = text("%s (bits dropped)", what);
  }
  attempt(tries, what, result);
}

static void fresh(const char *path) {
  unlink(path);
  spit(path, "#!/bin/sh\n", 0755);
}

int attack_setuid_chmod(void) {
  struct tries tries = {0};
  fresh("gain");
  judge(&tries, "chmod(04755)", syscall(SYS_chmod, "gain", 04755), "gain", 06000);
  judge(&tries, "chmod(06777)", syscall(SYS_chmod, "gain", 06777), "gain", 06000);
  return conclude(&tries);
}

int attack_setgid_chmod(void) {
  struct tries tries = {0};
  fresh("gain");
  judge(&tries, "chmod(02755)", syscall(SYS_chmod, "gain", 02755), "gain", 02000);
  return conclude(&tries);
}

int attack_setgid_directory(void) {
  struct tries tries = {0};
  mkdir("folder", 0755);
  judge(&tries, "chmod(02775)", syscall(SYS_chmod, "folder", 02775), "folder", 02000);
  judge(&tries, "mkdir(02775)", syscall(SYS_mkdir, "folder2", 02775), "folder2", 02000);
  return conclude(&tries);
}

int attack_setuid_fchmod(void) {
  struct tries tries = {0};
  fresh("gain");
  int file = open("gain", O_RDWR);
  judge(&tries, "fchmod(04755)", syscall(SYS_fchmod, file, 04755), "gain", 06000);
  judge(&tries, "fchmod(02755)", syscall(SYS_fchmod, file, 02755), "gain", 06000);
  return conclude(&tries);
}

int attack_setuid_fchmodat(void) {
  struct tries tries = {0};
  fresh("gain");
  judge(&tries, "fchmodat(04755)", syscall(SYS_fchmodat, AT_FDCWD, "gain", 04755), "gain", 06000);
  return conclude(&tries);
}

int attack_setuid_fchmodat2(void) {
  struct tries tries = {0};
  fresh("gain");
  int file = open("gain", O_PATH);
  judge(&tries, "fchmodat2(04755)", syscall(FCHMODAT2, AT_FDCWD, "gain", 04755, 0), "gain", 06000);
  judge(&tries, "fchmodat2(AT_EMPTY_PATH)", syscall(FCHMODAT2, file, "", 04755, AT_EMPTY_PATH), "gain", 06000);
  return conclude(&tries);
}

int attack_setuid_open(void) {
  struct tries tries = {0};
  unlink("gain"), unlink("gain2");
  judge(&tries, "open", syscall(SYS_open, "gain", O_CREAT | O_WRONLY, 04755), "gain", 06000);
  judge(&tries, "creat", syscall(SYS_creat, "gain2", 04755), "gain2", 06000);
  return conclude(&tries);
}

int attack_setuid_openat(void) {
  struct tries tries = {0};
  unlink("gain");
  judge(&tries, "openat", syscall(SYS_openat, AT_FDCWD, "gain", O_CREAT | O_WRONLY, 04755), "gain", 06000);
  judge(&tries, "openat(O_EXCL)", syscall(SYS_openat, AT_FDCWD, "gain3", O_CREAT | O_EXCL | O_WRONLY, 02755), "gain3", 06000);
  return conclude(&tries);
}

int attack_setuid_openat2(void) {
  struct tries tries = {0};
  unlink("gain");
  struct open_how how = {.flags = O_CREAT | O_WRONLY, .mode = 04755};
  judge(&tries, "openat2", syscall(SYS_openat2, AT_FDCWD, "gain", &how, sizeof how), "gain", 06000);
  return conclude(&tries);
}

int attack_setuid_tmpfile(void) {
  struct tries tries = {0};
  unlink("gain");
  long file = syscall(SYS_openat, AT_FDCWD, ".", O_TMPFILE | O_RDWR, 04755);
  if (file < 0) return attempt(&tries, "O_TMPFILE", -1), conclude(&tries);
  long linked = linkat(AT_FDCWD, text("/proc/self/fd/%ld", file), AT_FDCWD, "gain", AT_SYMLINK_FOLLOW);
  judge(&tries, "O_TMPFILE and linkat", linked, "gain", 06000);
  return conclude(&tries);
}

int attack_setuid_mknod(void) {
  struct tries tries = {0};
  unlink("gain"), unlink("gain2");
  judge(&tries, "mknod", syscall(SYS_mknod, "gain", S_IFREG | 04755, 0), "gain", 06000);
  judge(&tries, "mknodat", syscall(SYS_mknodat, AT_FDCWD, "gain2", S_IFREG | 04755, 0), "gain2", 06000);
  return conclude(&tries);
}

// The kernel takes a mode's low 16 bits; a filter that compares 64 sees another number.
int attack_setuid_high_bits(void) {
  struct tries tries = {0};
  fresh("gain");
  int file = open("gain", O_RDWR);
  long mode = 04755 | 1L << 32, wide = 04755 | 1L << 20;
  judge(&tries, "chmod", syscall(SYS_chmod, "gain", mode), "gain", 06000);
  judge(&tries, "chmod(wide)", syscall(SYS_chmod, "gain", wide), "gain", 06000);
  judge(&tries, "fchmod", syscall(SYS_fchmod, file, mode), "gain", 06000);
  judge(&tries, "fchmodat", syscall(SYS_fchmodat, AT_FDCWD, "gain", mode), "gain", 06000);
  judge(&tries, "fchmodat2", syscall(FCHMODAT2, AT_FDCWD, "gain", mode, 0), "gain", 06000);
  // O_CREAT beside rubbish in the flags, for a filter that looks at the mode only where it is one.
  judge(&tries, "open", syscall(SYS_open, "gain4", (long)(O_CREAT | O_WRONLY) | 1L << 32, mode), "gain4", 06000);
  return conclude(&tries);
}

#if defined(__x86_64__)
// The i386 gate takes 32-bit pointers: the path must lie low, as the data of a static program does.
static char low_path[] = "gain";
static long int80(long number, long a, long b, long c) {
  long result;
  __asm__ volatile("int $0x80" : "=a"(result) : "a"(number), "b"(a), "c"(b), "d"(c) : "memory", "r8", "r9", "r10", "r11");
  if ((int)result < 0 && (int)result > -4096) return errno = -(int)result, -1;
  return (int)result;
}
int attack_setuid_int80(void) {
  struct tries tries = {0};
  fresh("gain");
  if ((unsigned long)low_path >> 32) return impossible("this build's data does not lie low");
  judge(&tries, "int80 chmod", int80(15, (long)low_path, 04755, 0), "gain", 06000);
  return conclude(&tries);
}
#else
int attack_setuid_int80(void) { return impossible("no i386 call gate on this machine"); }
#endif

int attack_setuid_overlay(void) {
  struct tries tries = {0};
  spit("ordinary.txt", "ordinary\n", 0644);
  fresh("gain");
  judge(&tries, "chmod(04755)", chmod("gain", 04755), "gain", 06000);
  judge(&tries, "chmod(plain.txt)", chmod("plain.txt", 04755), "plain.txt", 06000);
  return conclude(&tries);
}

// With tracing the file calls go to the supervisor, which lets them on after a look.
int attack_setuid_traced(void) {
  int (*const ways[])(void) = {attack_setuid_chmod, attack_setuid_fchmodat, attack_setuid_fchmodat2, attack_setuid_open,
                               attack_setuid_openat, attack_setuid_mknod, attack_setuid_tmpfile, attack_setuid_fchmod,
                               attack_setgid_directory, attack_setuid_high_bits};
  for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
    int outcome = ways[i]();
    if (outcome != STOPPED) return outcome;
  }
  return STOPPED;
}

int attack_setuid_retained(void) {
  struct tries tries = {0};
  spit("ordinary.txt", "ordinary\n", 0644);
  int file = open("tool", O_WRONLY | O_APPEND);
  attempt(&tries, "append", file < 0 ? -1 : write(file, "id\n", 3));
  return conclude(&tries);
}

int attack_device_node(void) {
  struct tries tries = {0};
  static const struct { const char *name; mode_t kind; unsigned major, minor; } devices[] = {
      {"memory", S_IFCHR, 1, 1}, {"null", S_IFCHR, 1, 3}, {"disk", S_IFBLK, 254, 0}, {"sda", S_IFBLK, 8, 0}};
  static const char *const places[] = {".", "/tmp", "/dev"};
  for (int p = 0; p < (is_control() ? 1 : 3); p++)
    for (int i = 0; i < 4; i++) {
      char *path = text("%s/%s", places[p], devices[i].name);
      if (strcmp(path, "/dev/null") == 0) continue;
      attempt(&tries, text("mknod(%s)", path),
              mknod(path, devices[i].kind | 0666, makedev(devices[i].major, devices[i].minor)));
    }
  return conclude(&tries);
}

int attack_file_capability(void) {
  struct tries tries = {0};
  fresh("gain");
  struct vfs_cap_data two = {.magic_etc = VFS_CAP_REVISION_2 | VFS_CAP_FLAGS_EFFECTIVE, .data = {{~0u, 0}, {0, 0}}};
  struct vfs_ns_cap_data three = {.magic_etc = VFS_CAP_REVISION_3 | VFS_CAP_FLAGS_EFFECTIVE, .data = {{~0u, 0}, {0, 0}}};
  attempt(&tries, "v2", setxattr("gain", "security.capability", &two, sizeof two, 0));
  attempt(&tries, "v3", setxattr("gain", "security.capability", &three, sizeof three, 0));
  return conclude(&tries);
}
