// What a change set can do to whoever applies or reads it.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "attack.h"

static void ordinary(void) { spit("ordinary.txt", "ordinary\n", 0644); }

int attack_apply_through_link(void) {
  ordinary();
  struct tries tries = {0};
  if (is_control()) {
    // An apply that follows the link that is there does just this.
    attempt(&tries, "write through the link", spit("out/planted", "planted\n", 0644));
    return conclude(&tries);
  }
  static const char *const links[] = {"out", "out-relative"};
  for (int i = 0; i < 2; i++) {
    attempt(&tries, "unlink", unlink(links[i]));
    attempt(&tries, "mkdir", mkdir(links[i], 0755));
    attempt(&tries, "plant", spit(text("%s/planted", links[i]), "planted\n", 0644));
    attempt(&tries, "replace", spit(text("%s/canary", links[i]), "changed\n", 0644));
  }
  unlink("to-canary");
  attempt(&tries, "replace the file", spit("to-canary", "changed\n", 0644));
  return conclude(&tries);
}

int attack_apply_link_parent(void) {
  ordinary();
  struct tries tries = {0};
  attempt(&tries, "symlink", symlink(param("outside"), "folder"));
  if (is_control()) {
    attempt(&tries, "write through the link", spit("folder/planted", "planted\n", 0644));
    return conclude(&tries);
  }
  // The link and, under another name, what would have to be written through it.
  attempt(&tries, "symlink(file)", symlink(param("canary"), "plain.new"));
  attempt(&tries, "rename", rename("plain.new", "plain.txt"));
  attempt(&tries, "chmod through", chmod("plain.txt", 0600));
  return conclude(&tries);
}

int attack_apply_pipe(void) {
  ordinary();
  struct tries tries = {0};
  attempt(&tries, "mkfifo", mkfifo("pipe", 0644));
  unlink("plain.txt");
  attempt(&tries, "mkfifo over a file", mkfifo("plain.txt", 0644));
  struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "left.sock"};
  int listener = socket(AF_UNIX, SOCK_STREAM, 0);
  attempt(&tries, "socket", bind(listener, (struct sockaddr *)&address, sizeof address));
  return conclude(&tries);
}

int attack_apply_overlay_names(void) {
  ordinary();
  struct tries tries = {0};
  mkdir("redirected", 0755);
  spit("marked.txt", "marked\n", 0644);
  static const char *const prefixes[] = {"user.overlay.", "trusted.overlay."};
  for (int i = 0; i < 2; i++) {
    attempt(&tries, "redirect", setxattr("redirected", text("%sredirect", prefixes[i]), "/../../etc", 10, 0));
    attempt(&tries, "opaque", setxattr("redirected", text("%sopaque", prefixes[i]), "y", 1, 0));
    attempt(&tries, "metacopy", setxattr("marked.txt", text("%smetacopy", prefixes[i]), "", 0, 0));
    attempt(&tries, "whiteout", setxattr("marked.txt", text("%swhiteout", prefixes[i]), "y", 1, 0));
  }
  return conclude(&tries);
}

// An access control list as the kernel stores it: version 2, entries of tag, permission and id.
int attack_apply_access_list(void) {
  ordinary();
  struct tries tries = {0};
  struct {
    unsigned version;
    struct {
      unsigned short tag, permission;
      unsigned id;
    } entries[5];
  } list = {2, {{1, 7, ~0u}, {2, 7, 65534}, {4, 7, ~0u}, {16, 7, ~0u}, {32, 7, ~0u}}};
  mkdir("ordinary-folder", 0755);
  static const char *const paths[] = {"ordinary.txt", "ordinary-folder", "plain.txt"};
  for (int i = 0; i < 3; i++)
    attempt(&tries, paths[i], setxattr(paths[i], "system.posix_acl_access", &list, sizeof list, 0));
  attempt(&tries, "default", setxattr("ordinary-folder", "system.posix_acl_default", &list, sizeof list, 0));
  return conclude(&tries);
}

int attack_apply_terminal_escape(void) {
  ordinary();
  struct tries tries = {0};
  attempt(&tries, "title", spit("\033]0;owned\a", "x\n", 0644));
  attempt(&tries, "hide", spit("visible\r\033[2Kinnocent.txt", "x\n", 0644));
  attempt(&tries, "newline", spit("two\nlines \033[31m", "x\n", 0644));
  attempt(&tries, "content", spit("ordinary-content.txt", "\033]0;owned\a\rtext\n", 0644));
  attempt(&tries, "link", symlink("\033[8mhidden", "ordinary-link"));
  return conclude(&tries);
}
