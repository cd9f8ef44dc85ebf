/* Reading a configuration from one text, for tests. */
#ifndef TESTS_CONFIG_TEXT_H
#define TESTS_CONFIG_TEXT_H

#include "lib/config/config.h"

#define CONFIG_TEXT_FILE "t.conf"

static inline struct config *parse_text(const char *text, struct config_problems *problems)
{
    const struct config_source source = {CONFIG_TEXT_FILE, text};

    return config_parse(&source, 1, problems);
}

#endif
