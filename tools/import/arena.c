/* Memory that ends together: see arena.h. A list of blocks, each piece a block of its own. */
#include "tools/import/arena.h"

#include "tools/common/context.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct piece {
    struct piece *next;
    max_align_t data[];
};

struct arena {
    struct piece *pieces;
};

enum { ROOM_AT_FIRST = 8 };

void *arena_must(void *memory)
{
    if (memory != NULL)
        return memory;
    fputs("vipctl: out of memory\n", stderr);
    exit(EXIT_FAILED);
}

struct arena *arena_new(void)
{
    return arena_must(calloc(1, sizeof(struct arena)));
}

void arena_free(struct arena *arena)
{
    while (arena != NULL && arena->pieces != NULL) {
        struct piece *next = arena->pieces->next;

        free(arena->pieces);
        arena->pieces = next;
    }
    free(arena);
}

void *arena_take(struct arena *arena, size_t size)
{
    struct piece *piece = arena_must(calloc(1, sizeof(*piece) + size));

    piece->next = arena->pieces;
    arena->pieces = piece;
    return piece->data;
}

char *arena_text(struct arena *arena, const char *text, size_t length)
{
    char *copy = arena_take(arena, length + 1);

    memcpy(copy, text, length);
    return copy;
}

char *arena_copy(struct arena *arena, const char *text)
{
    return arena_text(arena, text, strlen(text));
}

char *arena_print(struct arena *arena, const char *format, ...)
{
    va_list arguments;
    char *text = NULL;

    va_start(arguments, format);
    int length = vasprintf(&text, format, arguments);
    va_end(arguments);
    arena_must(length < 0 ? NULL : text);
    char *copy = arena_text(arena, text, (size_t)length);
    free(text);
    return copy;
}

void *arena_grow(struct arena *arena, void *list, size_t count, size_t item_size)
{
    /* Full at 0 and at every power of two from ROOM_AT_FIRST on. */
    if (count != 0 && (count < ROOM_AT_FIRST || (count & (count - 1)) != 0))
        return list;
    void *grown = arena_take(arena, (count == 0 ? ROOM_AT_FIRST : count * 2) * item_size);
    if (count > 0)
        memcpy(grown, list, count * item_size);
    return grown;
}
