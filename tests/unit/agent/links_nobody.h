/* An observer of links that hears all and does nothing. Only for tests. */
#ifndef TESTS_LINKS_NOBODY_H
#define TESTS_LINKS_NOBODY_H

#include "agent/kernel/links.h"

static inline void links_nobody_link(void *userdata, const struct link *link)
{
    (void)userdata;
    (void)link;
}

static inline void links_nobody_address(void *userdata, const struct observed_address *address,
                                        bool present)
{
    (void)userdata;
    (void)address;
    (void)present;
}

static inline void links_nobody_resync(void *userdata)
{
    (void)userdata;
}

static const struct links_observer links_nobody = {.on_link = links_nobody_link,
                                                   .on_link_gone = links_nobody_link,
                                                   .on_address = links_nobody_address,
                                                   .on_resync = links_nobody_resync};

#endif
