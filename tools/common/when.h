/* Times of the control protocol, as people read them. */
#ifndef TOOLS_COMMON_WHEN_H
#define TOOLS_COMMON_WHEN_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

enum { WHEN_SIZE = 64 };

/* Seconds since 1970 and milliseconds of an RFC 3339 UTC time. False: it is none. */
bool when_parse(const char *text, time_t *seconds, unsigned *ms);

/* Local time "2026-11-21 14:03:22.118" ("-" for NULL or nonsense). Returns buffer. */
const char *when_format(const char *text, char *buffer, size_t size);

/* How long ago that was: "35 s", "5 min", "3 h", "12 days"; "-" for nonsense. Returns buffer. */
const char *when_age(const char *text, time_t now, char *buffer, size_t size);

/* "14:03:22 (5 min ago)", with the date when it is not today. Returns buffer. */
const char *when_since(const char *text, time_t now, char *buffer, size_t size);

#endif
