/* Advice about before-master, release-first and avoid. For advice.c only. */
#ifndef VIP_CONFIG_ADVICE_BEFORE_H
#define VIP_CONFIG_ADVICE_BEFORE_H

#include "lib/config/config.h"

/* Appends to *out. */
void config_advise_before(const struct config *config, struct config_problems *out);

#endif
