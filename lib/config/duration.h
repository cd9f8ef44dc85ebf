/* Durations as people write them: a number and a unit, "10ms", "1s", "1.5s", "5m", "2h", "1d". */
#ifndef VIP_CONFIG_DURATION_H
#define VIP_CONFIG_DURATION_H

#include "lib/limits.h"

#include <stdbool.h>
#include <stddef.h>

enum { DURATION_TEXT_SIZE = 32 };

/* Parses text into nanoseconds. Units: ns us ms s m (min) h d; fractions allowed; a unit is
 * required (except for "0"). False, *out untouched: malformed or too large for uint64_t. */
bool duration_parse(const char *text, uint64_t *out_ns);

/* Shortest exact text that duration_parse() reads back ("10ms", "1s", "1.5s"). Returns buffer. */
const char *duration_format(uint64_t ns, char *buffer, size_t size);

/* For people: three significant digits and one unit ("3.61 s", "412 ms", "38 us"). */
const char *duration_format_short(uint64_t ns, char *buffer, size_t size);

#endif
