// What an attack needs on the host before it starts: files here, processes and IPC objects in
// fixtures_hosts.c. A fixture is a directory:
//
//   DIR/workspace   where the attack runs; holds this program as .attack, and attack.params
//   DIR/outside     what no policy grants; world-readable and writable, so that only the sandbox
//                   stands before it and never an ordinary permission
//   DIR/granted     granted for reading     DIR/tree   granted for writing, with a locked child
//   DIR/home        the home directory of the run's caller
//   DIR/facts       what `verify` and `clean` need to know
//   DIR/policy.yaml the policy to seal with
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "attack.h"

bool has_setup(const struct attack *attack, const char *token) {
  size_t size = strlen(token);
  for (const char *at = attack->setup; *at;) {
    size_t length = strcspn(at, ",");
    if (length == size && strncmp(at, token, size) == 0) return true;
    at += length + (at[length] == ',');
  }
  return false;
}

int fixture_param(const char *directory, const char *key, const char *format, ...) {
  FILE *file = fopen(text("%s/workspace/" PARAMETERS, directory), "ae");
  if (!file) return -1;
  fprintf(file, "%s=", key);
  va_list arguments;
  va_start(arguments, format);
  vfprintf(file, format, arguments);
  va_end(arguments);
  fputc('\n', file);
  return fclose(file);
}

static int copy_self(const char *target, mode_t mode) {
  int from = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
  int to = open(target, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0700);
  struct stat facts;
  if (from < 0 || to < 0 || fstat(from, &facts) != 0) return -1;
  for (off_t left = facts.st_size; left > 0;) {
    ssize_t moved = copy_file_range(from, NULL, to, NULL, (size_t)left, 0);
    if (moved <= 0) return -1;
    left -= moved;
  }
  int result = fchmod(to, mode);
  close(from);
  close(to);
  return result;
}

// Keeps what a tree looked like, for verify_untouched.
static int keep(const char *directory, const char *name, const char *path) {
  FILE *roots = fopen(text("%s/facts/roots", directory), "ae");
  char *lines = manifest(path);
  if (!roots || !lines) return -1;
  fprintf(roots, "%s\t%s\n", name, path);
  fclose(roots);
  return spit(text("%s/facts/manifest.%s", directory, name), lines, 0644);
}

static int put(const char *path, const char *content, mode_t mode) {
  return make_parents(path) != 0 ? -1 : spit(path, content, mode);
}

static int prepare_outside(const char *directory) {
  char *outside = text("%s/outside", directory);
  if (make_directory(outside, 0777) != 0) return -1;
  if (put(text("%s/canary", outside), CANARY " outside\n", 0666) != 0) return -1;
  if (put(text("%s/protected", outside), "protected\n", 0666) != 0) return -1;
  return fixture_param(directory, "outside", "%s", outside) |
         fixture_param(directory, "canary", "%s/canary", outside);
}

static int prepare_handle(const char *directory) {
  struct {
    struct file_handle head;
    unsigned char bytes[128];
  } handle = {.head = {.handle_bytes = 128}};
  int mount;
  if (name_to_handle_at(AT_FDCWD, text("%s/outside/canary", directory), &handle.head, &mount, 0) != 0)
    return 0;  // this file system has no handles: the attack says so
  char hex[300] = "";
  for (unsigned i = 0; i < handle.head.handle_bytes; i++)
    sprintf(hex + 2 * i, "%02x", handle.head.f_handle[i]);
  return fixture_param(directory, "handle", "%s", hex) |
         fixture_param(directory, "handle_type", "%d", handle.head.handle_type);
}

static int prepare_home(const char *directory) {
  static const char *const secrets[] = {
      ".ssh/id_ed25519", ".bash_history", ".aws/credentials",   ".netrc",
      ".git-credentials", ".config/gh/hosts.yml", ".docker/config.json", ".kube/config"};
  static const char *const places[] = {".cache/pip/x", ".npm/_cacache/x", ".cargo/registry/x",
                                       ".config/autostart/x", ".local/bin/x"};
  char *home = text("%s/home", directory);
  for (size_t i = 0; i < sizeof secrets / sizeof *secrets; i++)
    if (put(text("%s/%s", home, secrets[i]), CANARY " home\n", 0666) != 0) return -1;
  for (size_t i = 0; i < sizeof places / sizeof *places; i++)
    if (put(text("%s/%s", home, places[i]), "cached\n", 0666) != 0) return -1;
  return put(text("%s/.bashrc", home), "# mine\n", 0666);
}

static int prepare_state(const char *directory) {
  const char *given = getenv("CAISSON_HOME");
  char *state = text("%s", given ? given : text("%s/caisson-home", directory));
  char *canary = text("%s/attack", state);
  if (put(text("%s/canary", canary), CANARY " state\n", 0666) != 0) return -1;
  if (put(text("%s/policy.yaml", canary), "version: 1 # " CANARY "\n", 0666) != 0) return -1;
  return fixture_param(directory, "state", "%s", state) | keep(directory, "state", canary);
}

static int prepare_tree(const char *root, mode_t mode) {
  for (int i = 0; i < 3; i++) {
    const char *name = (const char *[]){"protected", "sub/protected", "sub/deep/protected"}[i];
    if (put(text("%s/%s", root, name), "protected content\n", mode) != 0) return -1;
  }
  if (put(text("%s/%s", root, "sub/program"), "#!/bin/sh\n", mode | 0111) != 0) return -1;
  return symlink("protected", text("%s/link", root)) != 0 && errno != EEXIST ? -1 : 0;
}

static int prepare_repository(const char *workspace) {
  return put(text("%s/.git/HEAD", workspace), "ref: refs/heads/main\n", 0644) |
         put(text("%s/.git/config", workspace), "[core]\n\trepositoryformatversion = 0\n", 0644) |
         put(text("%s/.git/hooks/pre-commit.sample", workspace), "#!/bin/sh\n", 0755) |
         make_directory(text("%s/.git/objects", workspace), 0755) |
         make_directory(text("%s/.git/refs", workspace), 0755) |
         make_directory(text("%s/.git/refs/heads", workspace), 0755);
}

static int prepare_startup(const char *workspace) {
  return put(text("%s/.bashrc", workspace), "# mine\n", 0666) |
         put(text("%s/.mcp.json", workspace), "{}\n", 0666) |
         put(text("%s/.vscode/tasks.json", workspace), "{}\n", 0666) |
         put(text("%s/.git/hooks/pre-commit", workspace), "#!/bin/sh\n", 0777);
}

static int write_policy(const struct attack *attack, const char *directory) {
  FILE *out = fopen(text("%s/policy.yaml", directory), "we");
  if (!out) return -1;
  bool direct = has_setup(attack, "direct"), tree = has_setup(attack, "lockedchild");
  fprintf(out, "version: 1\nworkspace: { mode: %s }\nfilesystem:\n", direct ? "direct" : "overlay");
  fputs("  read:\n    - $SYSTEM\n", out);
  if (has_setup(attack, "granted")) fprintf(out, "    - %s/granted\n", directory);
  if (tree) fprintf(out, "    - %s/tree/sub/locked\n", directory);
  fputs("  write:\n    - $WORKSPACE\n    - /tmp\n", out);
  if (tree) fprintf(out, "    - %s/tree\n", directory);
  if (has_setup(attack, "denied"))
    fputs("  deny:\n    - $WORKSPACE/.env\n    - $WORKSPACE/secrets/inner/key\n", out);
  if (has_setup(attack, "denyabsent"))
    fputs("  deny:\n    - $WORKSPACE/forbidden.txt\n    - $WORKSPACE/new/forbidden\n", out);
  if (has_setup(attack, "limits"))
    fputs("limits: { memory: 128MiB, processes: 64, disk: 16MiB, wall: 20s }\n", out);
  if (has_setup(attack, "limitswall")) fputs("limits: { wall: 1s }\n", out);
  int failed = has_setup(attack, "network") ? fixture_network_policy(directory, out) : 0;
  return fclose(out) | failed;
}

int fixtures_prepare(const struct attack *attack, const char *given) {
  umask(022);
  // An absolute name: the attack gets it as a parameter and runs elsewhere.
  if (make_parents(text("%s/.", given)) != 0) return broken(given);
  char *directory = realpath(given, NULL);
  if (!directory) return broken(given);
  char *workspace = text("%s/workspace", directory);
  if (chmod(directory, 0755) != 0 || make_directory(workspace, 0777) != 0 ||
      make_directory(text("%s/home", directory), 0777) != 0 ||
      make_directory(text("%s/facts", directory), 0777) != 0)
    return broken("directories");
  if (copy_self(text("%s/.attack", workspace), 0755) != 0) return broken("copy of the program");
  if (put(text("%s/plain.txt", workspace), "plain\n", 0666) != 0) return broken("plain.txt");
  fixture_param(directory, "directory", "%s", directory);
  fixture_param(directory, "workspace", "%s", workspace);
  fixture_param(directory, "home", "%s/home", directory);

  int failed = prepare_outside(directory);
  if (has_setup(attack, "links"))
    failed |= symlink(text("%s/outside/canary", directory), text("%s/to-canary", workspace)) |
              symlink(text("%s/outside", directory), text("%s/out", workspace)) |
              symlink("../outside", text("%s/out-relative", workspace));
  if (has_setup(attack, "handle")) failed |= prepare_handle(directory);
  if (has_setup(attack, "home")) failed |= prepare_home(directory);
  if (has_setup(attack, "state")) failed |= prepare_state(directory);
  if (has_setup(attack, "denied"))
    failed |= put(text("%s/.env", workspace), CANARY " denied\n", 0666) |
              put(text("%s/secrets/inner/key", workspace), CANARY " denied\n", 0666) |
              put(text("%s/secrets/note", workspace), "note\n", 0666);
  if (has_setup(attack, "granted")) failed |= prepare_tree(text("%s/granted", directory), 0666);
  if (has_setup(attack, "lockedchild"))
    failed |= prepare_tree(text("%s/tree/sub/locked", directory), 0666) |
              put(text("%s/tree/free", directory), "free\n", 0666);
  if (has_setup(attack, "repository")) failed |= prepare_repository(workspace);
  if (has_setup(attack, "startupfiles")) failed |= prepare_startup(workspace);
  if (has_setup(attack, "startupfolders")) {
    static const char *const names[] = {".vscode", ".claude", ".cursor", ".husky", ".idea", ".devcontainer", ".cargo", ".ssh"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
      failed |= make_directory(text("%s/%s", workspace, names[i]), 0777);
  }
  if (has_setup(attack, "stdoutlog"))
    failed |= put(text("%s/outside/log", directory), "earlier\n", 0666);
  if (has_setup(attack, "suidfile"))
    failed |= put(text("%s/tool", workspace), "#!/bin/sh\n", 0755) |
              chmod(text("%s/tool", workspace), 04755);
  if (has_setup(attack, "suidprogram") && geteuid() == 0)
    failed |= copy_self(text("%s/granted/gain", directory), 04755);
  if (failed) return broken("files of the fixture");

  for (const char *at = attack->setup; *at;) {
    size_t length = strcspn(at, ",");
    if (fixture_host(directory, text("%.*s", (int)length, at)) != 0) return broken(at);
    at += length + (at[length] == ',');
  }
  if (write_policy(attack, directory) != 0) return broken("policy.yaml");

  failed = keep(directory, "outside", text("%s/outside", directory)) |
           keep(directory, "home", text("%s/home", directory));
  if (has_setup(attack, "granted")) failed |= keep(directory, "granted", text("%s/granted", directory));
  if (has_setup(attack, "lockedchild"))
    failed |= keep(directory, "locked", text("%s/tree/sub/locked", directory));
  if (has_setup(attack, "denied"))
    failed |= keep(directory, "secrets", text("%s/secrets", workspace));
  failed |= spit(text("%s/facts/manifest.workspace", directory), manifest(workspace), 0644);
  return failed ? broken("facts") : 0;
}

int fixtures_clean(const char *given) {
  char *directory = realpath(given, NULL);
  return directory ? fixture_host_clean(directory) : 0;
}
