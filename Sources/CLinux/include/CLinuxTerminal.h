// Terminals.
#ifndef CLINUX_TERMINAL_H
#define CLINUX_TERMINAL_H

#include <stdint.h>

int cl_is_terminal(int descriptor);
/// Opens a pseudo-terminal of the devpts instance behind `ptmx` and unlocks it; gives its number.
int cl_open_pty(const char *ptmx, int *number);
int cl_set_controlling_terminal(int descriptor);
int cl_window_size(int descriptor, uint16_t *rows, uint16_t *columns);
int cl_set_window_size(int descriptor, uint16_t rows, uint16_t columns);
/// Puts a terminal into raw mode; its former settings can be had back once per process. Neither
/// waits until the terminal has taken what was written before.
int cl_terminal_raw(int descriptor);
int cl_terminal_restore(int descriptor);
/// Turns Ctrl-C and its like into signals again.
int cl_terminal_interruptible(int descriptor);
/// Whether the caller's process group has the terminal: 1, 0, or -errno.
int cl_terminal_is_foreground(int descriptor);
/// Whether the terminal hands out lines, not keys: 1, 0, or -errno.
int cl_terminal_is_canonical(int descriptor);
/// Stops a terminal from showing what is typed.
int cl_terminal_mute(int descriptor);

#endif
