/* Names and lists of them; see names.h. */
#include "lib/config/names.h"

#include "lib/config/list.h"

#include <assert.h>
#include <string.h>

bool config_name_valid(const char *name, size_t length)
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                  "0123456789._-";

    if (length == 0 || length >= NAME_SIZE)
        return false;
    for (size_t i = 0; i < length; i++) {
        if (name[i] == '\0' || strchr(allowed, name[i]) == NULL)
            return false;
    }
    /* "." and ".." are no names of files. */
    return strspn(name, ".") < length;
}

bool config_names_have(const struct config_names *names, const char *name)
{
    for (size_t i = 0; i < names->count; i++) {
        if (strcmp(names->list[i], name) == 0)
            return true;
    }
    return false;
}

bool config_names_add(struct config_names *names, const char *name)
{
    size_t size = strlen(name) + 1;
    char(*grown)[NAME_SIZE] = config_list_grow(names->list, names->count, sizeof(*grown));

    assert(size <= NAME_SIZE);
    if (grown == NULL)
        return false;
    names->list = grown;
    memcpy(grown[names->count++], name, size);
    return true;
}

bool config_names_equal(const struct config_names *a, const struct config_names *b)
{
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++) {
        if (strcmp(a->list[i], b->list[i]) != 0)
            return false;
    }
    return true;
}
