/* Memory of one conversion: many small pieces that live until all of them end together. */
#ifndef TOOLS_IMPORT_ARENA_H
#define TOOLS_IMPORT_ARENA_H

#include <stddef.h>

struct arena;

/* An empty one. Ends the program with a message when memory runs out, as everything here does: a
 * tool that merely converts text has nothing to save then. */
struct arena *arena_new(void);
void arena_free(struct arena *arena);

/* Takes what malloc() gave: returns it, or ends the program when it is NULL. */
void *arena_must(void *memory);

/* `size` octets, all zero. Never NULL. */
void *arena_take(struct arena *arena, size_t size);

/* Copies; never NULL. */
char *arena_text(struct arena *arena, const char *text, size_t length);
char *arena_copy(struct arena *arena, const char *text);
char *arena_print(struct arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Room for one more item behind `count` ones of `list`, which may move. Rooms double. */
void *arena_grow(struct arena *arena, void *list, size_t count, size_t item_size);

#endif
