// Files that are the kernel's: settings, devices, control groups. Opening one for writing is the
// goal; nothing is written, so that the control leaves the machine as it was.
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <grp.h>
#include <unistd.h>

#include "attack.h"

static int open_each(const char *const *paths, size_t count, int flags) {
  struct tries tries = {0};
  for (size_t i = 0; i < count; i++) {
    int file = open(paths[i], flags | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    attempt(&tries, paths[i], file);
    if (file >= 0) close(file);
  }
  return conclude(&tries);
}
#define OPEN_EACH(flags, ...) \
  open_each((const char *const[]){__VA_ARGS__}, sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *), flags)

int attack_core_pattern(void) {
  return OPEN_EACH(O_WRONLY, "/proc/sys/kernel/core_pattern", "/proc/sys/kernel/modprobe", "/proc/sysrq-trigger",
                   "/proc/sys/kernel/sysrq", "/proc/sys/vm/overcommit_memory", "/proc/sys/kernel/randomize_va_space",
                   "/proc/sys/fs/file-max", "/proc/sys/fs/protected_symlinks", "/proc/sys/fs/binfmt_misc/register",
                   "/proc/sys/kernel/hostname", "/proc/irq/default_smp_affinity", "/proc/mtrr", "/proc/acpi/wakeup",
                   "/proc/sys/user/max_user_namespaces", "/proc/sys/kernel/ns_last_pid",
                   "/proc/sys/net/ipv4/ip_forward");
}

int attack_sysfs_write(void) {
  return OPEN_EACH(O_WRONLY, "/sys/kernel/uevent_helper", "/sys/power/state", "/sys/kernel/profiling",
                   "/sys/devices/system/cpu/cpu1/online", "/sys/kernel/mm/transparent_hugepage/enabled",
                   "/sys/class/net/lo/mtu", "/sys/block/vda/queue/scheduler", "/sys/block/sda/queue/scheduler",
                   "/sys/bus/pci/rescan", "/sys/fs/cgroup/cgroup.procs", "/sys/module/kernel/parameters/panic",
                   "/sys/firmware/efi/vars/new_var");
}

static struct tries cgroup_tries;
static int cgroup_visit(const char *path, const struct stat *facts, int kind, struct FTW *where) {
  (void)facts;
  static const char *const names[] = {"cgroup.procs", "tasks", "release_agent", "notify_on_release", "cgroup.kill",
                                      "memory.limit_in_bytes", "memory.max", "pids.max", "devices.allow"};
  const char *name = path + where->base;
  for (size_t i = 0; kind != FTW_D && i < sizeof names / sizeof *names; i++)
    if (strcmp(name, names[i]) == 0) {
      int file = open(path, O_WRONLY | O_CLOEXEC);
      attempt(&cgroup_tries, path, file);
      if (file >= 0) close(file);
    }
  return cgroup_tries.won || where->level > 4;
}

int attack_cgroup_write(void) {
  nftw("/sys/fs/cgroup", cgroup_visit, 16, FTW_PHYS);
  char *groups = slurp("/proc/self/cgroup");
  (void)groups;
  attempt(&cgroup_tries, "/sys/fs/cgroup", access("/sys/fs/cgroup/cgroup.procs", W_OK));
  if (!is_control()) attempt(&cgroup_tries, "mkdir", mkdir("/sys/fs/cgroup/caisson-attack", 0755));
  return conclude(&cgroup_tries);
}

int attack_debug_files(void) {
  struct tries tries = {0};
  static const char *const directories[] = {"/sys/kernel/debug", "/sys/kernel/tracing", "/sys/kernel/security", "/sys/fs/bpf"};
  for (int i = 0; i < 4; i++) {
    DIR *entries = opendir(directories[i]);
    int count = 0;
    while (entries && readdir(entries)) count++;
    if (entries) errno = ENOENT;
    attempt(&tries, directories[i], count > 2 ? 0 : -1);
  }
  static const char *const files[] = {"/proc/kcore", "/proc/kmsg", "/proc/kpageflags", "/proc/kpagecount",
                                      "/proc/slabinfo", "/proc/vmallocinfo", "/proc/iomem", "/proc/timer_list"};
  for (int i = 0; i < 8; i++) {
    int file = open(files[i], O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    char byte;
    // An opened file that gives nothing (a cover) is no breach.
    bool got = file >= 0 && (read(file, &byte, 1) == 1 || errno == EAGAIN);
    if (file >= 0 && !got) errno = ENODATA;
    if (i < 6 || !got) attempt(&tries, files[i], got ? 0 : -1);
    if (file >= 0) close(file);
  }
  return conclude(&tries);
}

int attack_device_memory(void) {
  return OPEN_EACH(O_RDWR, "/dev/mem", "/dev/kmem", "/dev/port", "/dev/kmsg", "/dev/cpu/0/msr", "/dev/nvram", "/dev/hpet");
}

int attack_device_disk(void) {
  // A machine that is itself a container may be refused its disks by a device control group.
  if (is_control() && access("/dev/vda", R_OK) == 0 && open("/dev/vda", O_RDONLY) < 0)
    return impossible("not even root of this machine may open its disk");
  return OPEN_EACH(O_RDONLY, "/dev/vda", "/dev/vda1", "/dev/sda", "/dev/nvme0n1", "/dev/mapper/control", "/dev/xvda",
                   "/dev/dm-0", "/dev/md0");
}

int attack_device_others(void) {
  return OPEN_EACH(O_RDWR, "/dev/kvm", "/dev/fuse", "/dev/net/tun", "/dev/loop-control", "/dev/loop0", "/dev/vsock",
                   "/dev/vhost-net", "/dev/vhost-vsock", "/dev/uinput", "/dev/input/event0", "/dev/console",
                   "/dev/tty0", "/dev/tty1", "/dev/ttyS0", "/dev/rtc0", "/dev/snapshot", "/dev/userfaultfd",
                   "/dev/watchdog", "/dev/btrfs-control", "/dev/autofs", "/dev/ppp", "/dev/cuse", "/dev/udmabuf",
                   "/dev/dri/card0", "/dev/snd/control", "/dev/bus/usb/001/001", "/dev/hwrng");
}

static bool has_gained(pid_t pid, uid_t before) {
  char *status = slurp(text("/proc/%d/status", pid));
  unsigned real = 0, effective = 0;
  char *line = status ? strstr(status, "Uid:") : NULL;
  if (!line || sscanf(line, "Uid:\t%u\t%u", &real, &effective) != 2) return false;
  char *capabilities = strstr(status, "CapEff:");
  return effective != before || (capabilities && strtoull(capabilities + 7, NULL, 16) != 0);
}

int attack_setuid_programs(void) {
  struct tries tries = {0};
  static const char *const programs[] = {"/usr/bin/su", "/usr/bin/sudo", "/usr/bin/passwd", "/usr/bin/mount",
                                         "/usr/bin/newgrp", "/usr/bin/ping", "/usr/bin/chsh"};
  const char *copy = text("%s/granted/gain", param("directory"));
  for (int i = 0; i < 8; i++) {
    const char *program = i == 7 ? copy : programs[i];
    struct stat facts;
    if (stat(program, &facts) != 0 || !(facts.st_mode & 04000)) {
      if (i == 7 || !is_control()) attempt(&tries, program, -1);
      continue;
    }
    uid_t before = is_control() && geteuid() == 0 ? 65534 : geteuid();
    int pipes[2];
    if (pipe(pipes) != 0) return broken("pipe");
    pid_t child = fork();
    if (child == 0) {
      // Root gains nothing by a setuid-root program: the control is nobody.
      if (is_control() && geteuid() == 0 && (setgroups(0, NULL) != 0 || setresgid(65534, 65534, 65534) != 0 || setresuid(65534, 65534, 65534) != 0)) _exit(1);
      // Waits at its standard input, long enough to be looked at.
      dup2(pipes[0], 0);
      int null = open("/dev/null", O_WRONLY);
      dup2(null, 1), dup2(null, 2);
      setsid();
      if (i == 7) execl(program, program, "linger", "x", NULL);
      else execl(program, program, NULL);
      _exit(127);
    }
    bool gained = false;
    for (int look = 0; look < 20 && !gained; look++) {
      usleep(2000);
      gained = has_gained(child, before);
      // Before the exec the child is still what we are; only a difference to that counts.
      if (gained && is_control() && geteuid() == 0) {
        char *name = slurp(text("/proc/%d/comm", child));
        if (name && strncmp(name, ".attack", 7) == 0 && i != 7) gained = false;
        char *line = slurp(text("/proc/%d/cmdline", child));
        if (line && strcmp(line, program) != 0) gained = false;
      }
    }
    errno = EPERM;
    attempt(&tries, program, gained ? 0 : -1);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    close(pipes[0]), close(pipes[1]);
    if (tries.won) break;
  }
  return conclude(&tries);
}
