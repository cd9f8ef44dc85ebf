/* Short texts of a configuration, one behind the other: in memory of its own each would take twice
 * as much and more. They last as long as it does. */
#ifndef VIP_CONFIG_TEXT_H
#define VIP_CONFIG_TEXT_H

#include <stddef.h>

enum {
    CONFIG_TEXT_BLOCK = 1000,
};

/* A block of them, and those before it. NULL: none yet. */
struct config_text {
    struct config_text *next;
    size_t used;
    char octets[CONFIG_TEXT_BLOCK];
};

/* Keeps `length` octets, less than CONFIG_TEXT_BLOCK of them, and a NUL behind them. Returns them,
 * or NULL: out of memory. */
const char *config_text_keep(struct config_text **texts, const char *octets, size_t length);

/* Frees all of them. NULL is allowed. */
void config_text_free(struct config_text *texts);

#endif
