/* Collecting problems while a configuration is read. Bounded: CONFIG_PROBLEMS_MAX are kept. */
#ifndef VIP_CONFIG_PROBLEM_H
#define VIP_CONFIG_PROBLEM_H

#include "lib/config/config.h"

#include <stdarg.h>

/* Where a problem is. Texts are copied; section and key may be empty, line 0 is the whole file. */
struct config_place {
    const char *file;
    unsigned line;
    const char *section;
    const char *key;
};

enum { CONFIG_QUOTE_SIZE = 96 };

/* Takes the room for all problems. False: out of memory. */
bool config_problems_open(struct config_problems *problems);

/* Adds one. Those beyond the bound are left out; the last one kept says so. */
void config_problem_add(struct config_problems *problems, const struct config_place *place,
                        const char *format, ...) __attribute__((format(printf, 3, 4)));
void config_problem_add_list(struct config_problems *problems, const struct config_place *place,
                             const char *format, va_list arguments)
    __attribute__((format(printf, 3, 0)));

/* Nothing that is found from now on would be kept: it need not be looked for. */
bool config_problems_full(const struct config_problems *problems);

/* In the order of the sources, then of lines; what was found first stays first otherwise. */
void config_problems_sort(struct config_problems *problems, const struct config_source *sources,
                          size_t count);

/* What somebody wrote, safe for a terminal: octets outside printable ASCII as \xNN, long text cut.
 * Returns buffer. */
const char *config_quote(const char *text, size_t length, char *buffer, size_t size);

#endif
