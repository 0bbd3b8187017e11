// The catalogue's snapshot, as bytes in the program: nothing is read from a file, and nothing at
// all happens before somebody asks.
#ifndef CCATALOGUE_H
#define CCATALOGUE_H

#include <stddef.h>

// models.json; not terminated.
const void *ccatalogue_models(void);
size_t ccatalogue_models_size(void);

// Its SHA-256 as it was written beside it: 64 hexadecimal digits; not terminated.
const void *ccatalogue_models_digest(void);

#endif
