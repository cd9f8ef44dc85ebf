/* Short texts that are freed together; see text.h. */
#include "lib/config/text.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

const char *config_text_keep(struct config_text **texts, const char *octets, size_t length)
{
    struct config_text *block = *texts;

    assert(length < CONFIG_TEXT_BLOCK);
    if (block == NULL || length >= CONFIG_TEXT_BLOCK - block->used) {
        block = calloc(1, sizeof(*block));
        if (block == NULL)
            return NULL;
        block->next = *texts;
        *texts = block;
    }
    char *kept = block->octets + block->used;
    memcpy(kept, octets, length);
    kept[length] = '\0';
    block->used += length + 1;
    return kept;
}

void config_text_free(struct config_text *texts)
{
    while (texts != NULL) {
        struct config_text *next = texts->next;

        free(texts);
        texts = next;
    }
}
