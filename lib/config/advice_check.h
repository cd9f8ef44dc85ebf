/* The part of config_advise() that is about checks. */
#ifndef VIP_CONFIG_ADVICE_CHECK_H
#define VIP_CONFIG_ADVICE_CHECK_H

#include "lib/config/config.h"

/* Adds to *out, which is open. */
void config_advise_checks(const struct config *config, struct config_problems *out);

#endif
