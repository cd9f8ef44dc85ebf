/*
 * The reading of one source: which section the lexer is in, and what becomes of the headers and
 * values that it finds there. Private to parse.c and reading*.c.
 */
#ifndef VIP_CONFIG_READING_H
#define VIP_CONFIG_READING_H

#include "lib/config/draft.h"
#include "lib/config/schema.h"

struct reading {
    struct config_draft *draft;
    const char *file;
    const struct config_section *section; /* NULL: none, or one whose content is passed over */
    bool section_seen;
    size_t instance;               /* its index, in a section of that kind */
    void *base;                    /* the struct the values of the section go to */
    struct section_draft *written; /* what is known of the section */
    struct section_draft spare;
    char section_text[CONFIG_QUOTE_SIZE];
    bool out_of_memory;
};

/* A place in the section that is read. */
static inline struct config_place config_reading_place(const struct reading *reading, unsigned line,
                                                       const char *key)
{
    return (struct config_place){
        .file = reading->file, .line = line, .section = reading->section_text, .key = key};
}

/* A section begins: the text between its brackets. */
void config_reading_section(struct reading *reading, unsigned line, const char *header,
                            size_t length);

/* A key and its value, or a further line of one. */
void config_reading_value(struct reading *reading, unsigned line, const char *name,
                          const char *value, bool continued);

#endif
