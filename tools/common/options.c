/* Options by a table; see options.h. */
#include "tools/common/options.h"

#include <assert.h>
#include <getopt.h>

enum { FIRST = 256 /* values of the options begin beyond all letters */ };

static bool has_value(const struct verb_option *option)
{
    return option->text != NULL || option->take != NULL;
}

static bool apply(const struct verb_option *option, const char *value)
{
    if (option->take != NULL)
        return option->take(value, option->into);
    if (option->text != NULL)
        *option->text = value;
    else if (option->flag != NULL)
        *option->flag = true;
    return option->text != NULL || option->flag != NULL;
}

/* The table as getopt wants it, and the short forms ("n:" with a value). */
static void prepare(const struct verb_option *options, size_t count, struct option *names,
                    char *letters)
{
    for (size_t i = 0; i < count; i++) {
        const bool value = has_value(&options[i]);

        names[i] = (struct option){.name = options[i].name,
                                   .has_arg = value ? required_argument : no_argument,
                                   .val = FIRST + (int)i};
        if (options[i].letter == '\0')
            continue;
        *letters++ = options[i].letter;
        if (value)
            *letters++ = ':';
    }
}

static const struct verb_option *find(const struct verb_option *options, size_t count, int found)
{
    if (found >= FIRST)
        return &options[found - FIRST];
    for (size_t i = 0; i < count; i++)
        if (options[i].letter == found)
            return &options[i];
    return NULL;
}

int options_read(int argc, char **argv, const struct verb_option *options, size_t count)
{
    struct option names[VERB_OPTIONS_MAX + 1] = {0};
    char letters[2 * VERB_OPTIONS_MAX + 1] = "";
    int found;

    assert(count <= VERB_OPTIONS_MAX);
    prepare(options, count, names, letters);
    optind = 0; /* whoever called us may have read options too */
    while ((found = getopt_long(argc, argv, letters, names, NULL)) != -1) {
        const struct verb_option *option = find(options, count, found);

        if (option == NULL || !apply(option, optarg))
            return -1;
    }
    return optind;
}
