/* What is legal in a configuration and yet hardly what somebody wants. */
#ifndef VIP_CONFIG_ADVICE_H
#define VIP_CONFIG_ADVICE_H

#include "lib/config/config.h"

/* Looks at a finished configuration and lists what is unwise, in the order of its instances; each
 * is placed at the header of its section. *out is overwritten, and freed with
 * config_problems_free(). Bounded as problems are. Out of memory leaves the list short. */
void config_advise(const struct config *config, struct config_problems *out);

#endif
