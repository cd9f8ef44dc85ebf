/* See unknown_instance.h. */
#include "tools/common/unknown_instance.h"

#include "lib/config/suggest.h"
#include "tools/common/field.h"

#include <stdio.h>
#include <stdlib.h>

/* NULL: none is near, or memory ran out. */
static const char *nearest(const json_t *instances, const char *name)
{
    const size_t size = json_array_size(instances);
    const char **names = size > 0 ? calloc(size, sizeof(*names)) : NULL;
    const json_t *instance;
    size_t i;

    if (names == NULL)
        return NULL;
    json_array_foreach (instances, i, instance)
        names[i] = field_text(instance, "name");
    const char *near = suggest(name, names, size);
    free(names);
    return near;
}

void unknown_instance_say(const json_t *instances, const char *name)
{
    const char *near = nearest(instances, name);

    fprintf(stderr, "vipctl: there is no instance '%s'", name);
    if (near != NULL)
        fprintf(stderr, "; did you mean '%s'?", near);
    fputc('\n', stderr);
}
