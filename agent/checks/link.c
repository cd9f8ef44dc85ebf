/* The carrier of another interface. The kernel's reports come by way of the agent; the look at each
 * interval repeats what is known, for rise and fall. */
#include "agent/checks/check.h"

static int run(struct check *check)
{
    const struct link *link = links_by_name(check->ground->links, check->config.interface);

    if (link == NULL)
        check_result(check, false, "there is no interface %s", check->config.interface);
    else if (!link->up)
        check_result(check, false, "%s is down", link->name);
    else if (!link->carrier)
        check_result(check, false, "%s has no carrier", link->name);
    else
        check_result(check, true, "%s is up and has a carrier", link->name);
    return 0;
}

const struct check_ops check_link_ops = {.run = run, .sees_links = true};
