/* The alias of a macvlan of ours; see virtual_mark.h. */
#include "agent/kernel/virtual_mark.h"

#include <stdio.h>
#include <string.h>

#define PREFIX "vipd arp_ignore="
#define FORMAT PREFIX "%u arp_announce=%u"
#define ON     " on=%d"

const char *virtual_mark_write(const struct arp_settings *before, int on, char *buffer, size_t size)
{
    int used = snprintf(buffer, size, FORMAT, before->ignore, before->announce);

    if (on > 0 && used > 0 && (size_t)used < size)
        snprintf(buffer + used, size - (size_t)used, ON, on);
    return buffer;
}

bool virtual_mark_is_on(const struct link *link)
{
    return strcmp(link->kind, "macvlan") == 0 && strncmp(link->alias, PREFIX, strlen(PREFIX)) == 0;
}

struct arp_settings virtual_mark_before(const struct link *link)
{
    struct arp_settings arp = {0};

    if (sscanf(link->alias, FORMAT, &arp.ignore, &arp.announce) != 2)
        arp = (struct arp_settings){0};
    return arp;
}

void virtual_mark_apply(struct link *link)
{
    unsigned ignore;
    unsigned announce;
    int on = 0;

    if (virtual_mark_is_on(link) && sscanf(link->alias, FORMAT ON, &ignore, &announce, &on) == 3 &&
        on > 0)
        link->parent = on;
}
