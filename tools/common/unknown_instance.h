/* A name that no instance has, told to whoever typed it. */
#ifndef TOOLS_COMMON_UNKNOWN_INSTANCE_H
#define TOOLS_COMMON_UNKNOWN_INSTANCE_H

#include <jansson.h>

/* Says on stderr that there is no such instance, and which of those of a status may have been
 * meant. instances: an array of objects with a name; NULL: they are not known. Borrowed. */
void unknown_instance_say(const json_t *instances, const char *name);

#endif
