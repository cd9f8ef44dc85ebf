/* Places what is said about an instance; see instance_problem.h. */
#include "lib/config/instance_problem.h"

#include "lib/config/schema.h"

#include <stdio.h>

void config_instance_problem(struct config_problems *problems,
                             const struct config_instance *instance, enum instance_key key,
                             const char *format, ...)
{
    const struct config_section *schema = config_schema_instance();
    char section[NAME_SIZE + 16];
    const struct config_place place = {
        .file = instance->file,
        .line = instance->line,
        .section = section,
        .key = schema->keys[key].name,
    };
    va_list arguments;

    snprintf(section, sizeof(section), "%s %s", schema->name, instance->name);
    va_start(arguments, format);
    config_problem_add_list(problems, &place, format, arguments);
    va_end(arguments);
}
