/* The part of config_advise() that is about routes, rules and accept. */
#ifndef VIP_CONFIG_ADVICE_ROUTES_H
#define VIP_CONFIG_ADVICE_ROUTES_H

#include "lib/config/config.h"

/* Adds to *out, which is open. */
void config_advise_routes(const struct config *config, struct config_problems *out);

#endif
