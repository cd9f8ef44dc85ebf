/*
 * The options of a verb, from a table that says where each one goes. Long ones may be shortened as
 * far as they stay unique, and may stand behind arguments; getopt says on stderr what it does not
 * know. Usage and exit code are the verb's.
 */
#ifndef TOOLS_COMMON_OPTIONS_H
#define TOOLS_COMMON_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

enum { VERB_OPTIONS_MAX = 8 };

/* One of `text` and `take` where it has a value, `flag` where it has none. With none of them it is
 * known, and refused: another form of the verb has it. */
struct verb_option {
    const char *name;
    char letter;       /* its short form; 0: none */
    bool *flag;        /* becomes true */
    const char **text; /* becomes the value, which lives as long as argv */
    bool (*take)(const char *value, void *into); /* reads the value; false: it is not one */
    void *into;
};

/* Reads all options; argv[0] is the verb. Returns the index of the first argument, of which argv
 * has the last ones then, or -1: wrong usage. At most VERB_OPTIONS_MAX. */
int options_read(int argc, char **argv, const struct verb_option *options, size_t count);

#endif
