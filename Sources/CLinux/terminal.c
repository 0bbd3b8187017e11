#define _GNU_SOURCE
#include "CLinuxTerminal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#define RESULT(expression) ({ int r_ = (expression); r_ < 0 ? -errno : r_; })

static struct termios saved_settings;
static int has_saved_settings;

int cl_is_terminal(int descriptor) { return isatty(descriptor); }

int cl_open_pty(const char *ptmx, int *number) {
  int master = open(ptmx, O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (master < 0) return -errno;
  int unlocked = 0;
  if (ioctl(master, TIOCSPTLCK, &unlocked) < 0 || ioctl(master, TIOCGPTN, number) < 0) {
    int error = errno;
    close(master);
    return -error;
  }
  return master;
}

int cl_set_controlling_terminal(int descriptor) { return RESULT(ioctl(descriptor, TIOCSCTTY, 0)); }

int cl_window_size(int descriptor, uint16_t *rows, uint16_t *columns) {
  struct winsize size;
  if (ioctl(descriptor, TIOCGWINSZ, &size) < 0) return -errno;
  *rows = size.ws_row;
  *columns = size.ws_col;
  return 0;
}

int cl_set_window_size(int descriptor, uint16_t rows, uint16_t columns) {
  struct winsize size = {.ws_row = rows, .ws_col = columns};
  return RESULT(ioctl(descriptor, TIOCSWINSZ, &size));
}

int cl_terminal_raw(int descriptor) {
  struct termios settings;
  if (tcgetattr(descriptor, &settings) < 0) return -errno;
  if (!has_saved_settings) {
    saved_settings = settings;
    has_saved_settings = 1;
  }
  cfmakeraw(&settings);
  return RESULT(tcsetattr(descriptor, TCSANOW, &settings));
}

int cl_terminal_restore(int descriptor) {
  if (!has_saved_settings) return 0;
  return RESULT(tcsetattr(descriptor, TCSANOW, &saved_settings));
}

int cl_terminal_interruptible(int descriptor) {
  struct termios settings;
  if (tcgetattr(descriptor, &settings) < 0) return -errno;
  settings.c_lflag |= ISIG;
  return RESULT(tcsetattr(descriptor, TCSANOW, &settings));
}

int cl_terminal_is_foreground(int descriptor) {
  pid_t group = tcgetpgrp(descriptor);
  if (group < 0) return -errno;
  return group == getpgrp();
}

int cl_terminal_is_canonical(int descriptor) {
  struct termios settings;
  if (tcgetattr(descriptor, &settings) < 0) return -errno;
  return (settings.c_lflag & ICANON) != 0;
}

int cl_terminal_mute(int descriptor) {
  struct termios settings;
  if (tcgetattr(descriptor, &settings) < 0) return -errno;
  settings.c_lflag &= ~(tcflag_t)ECHO;
  return RESULT(tcsetattr(descriptor, TCSANOW, &settings));
}
