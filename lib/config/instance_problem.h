/* A problem or advice about a key of one instance of a finished configuration, placed at the header
 * of its section: where the key itself stood is known only while a configuration is read. */
#ifndef VIP_CONFIG_INSTANCE_PROBLEM_H
#define VIP_CONFIG_INSTANCE_PROBLEM_H

#include "lib/config/problem.h"
#include "lib/config/schema_rows.h"

/* As config_problem_add(). */
void config_instance_problem(struct config_problems *problems,
                             const struct config_instance *instance, enum instance_key key,
                             const char *format, ...) __attribute__((format(printf, 4, 5)));

#endif
