#include "mock.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void buffer_room(struct buffer *buffer, size_t more) {
  if (buffer->length + more <= buffer->capacity) return;
  while (buffer->capacity < buffer->length + more)
    buffer->capacity = buffer->capacity ? buffer->capacity * 2 : 4096;
  buffer->bytes = realloc(buffer->bytes, buffer->capacity);
  if (!buffer->bytes) abort();
}

void buffer_add(struct buffer *buffer, const void *bytes, size_t length) {
  buffer_room(buffer, length);
  memcpy(buffer->bytes + buffer->length, bytes, length);
  buffer->length += length;
}

void buffer_format(struct buffer *buffer, const char *format, ...) {
  buffer_room(buffer, 512);
  for (;;) {
    va_list arguments;
    va_start(arguments, format);
    size_t room = buffer->capacity - buffer->length;
    int length = vsnprintf(buffer->bytes + buffer->length, room, format, arguments);
    va_end(arguments);
    if ((size_t)length < room) {
      buffer->length += length;
      return;
    }
    buffer_room(buffer, length + 1);
  }
}

void buffer_drop(struct buffer *buffer, size_t length) {
  memmove(buffer->bytes, buffer->bytes + length, buffer->length - length);
  buffer->length -= length;
}
