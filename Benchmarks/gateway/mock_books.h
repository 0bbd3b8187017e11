// What a provider would have written down: one JSON line a request, at its end.
#ifndef MOCK_BOOKS_H
#define MOCK_BOOKS_H

#include "mock.h"

enum ending { COMPLETE, ENDED_REFUSED, ENDED_RESET, ENDED_BROKEN, ENDED_SILENT, CANCELLED };

/// Microseconds since 1970.
int64_t wall_clock(void);
void books_open(const char *path);
/// Tokens are those that a provider would bill.
void books_add(const struct request *request, const struct answer *answer, enum ending ending,
               int64_t began, long input, long output);
bool books_wait(void);
void books_flush(void);

#endif
