// How much memory the process holds from malloc, and the most it has held.
//
// The functions of malloc are replaced by ones that count and pass on, for the whole process.
#pragma once
#include <stddef.h>

// Bytes now.
size_t fuzz_allocated(void);
// The most bytes since the last call of fuzz_allocated_restart.
size_t fuzz_allocated_peak(void);
void fuzz_allocated_restart(void);
