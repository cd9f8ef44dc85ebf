/* Addresses that somebody else has put on our link; see strangers.h. */
#include "agent/instances/strangers.h"

#include "agent/base/clock.h"
#include "agent/base/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    MORE_SIZE = 40,
    SUBJECT_SIZE = ADDRESS_TEXT_SIZE + MORE_SIZE + INTERFACE_NAME_SIZE + 8,
};

enum address_owner router_owner(const struct router *router, const struct claimed_address *claim)
{
    const struct reconciler *reconciler = router->node->reconciler;
    const struct ip_address *address = &claim->prefix.address;
    enum address_owner owner =
        reconciler_owner(reconciler, router_ifindex_of(router, claim), address);

    if (owner != ADDRESS_NOBODYS || claim->device[0] != '\0')
        return owner;
    return reconciler_owner(reconciler, segment_ifindex(&router->client), address);
}

/* The link on which somebody else has it; 0: none. With a virtual MAC others leave it on the
 * interface below. */
static int stranger_link(const struct router *router, const struct claimed_address *claim)
{
    const struct reconciler *reconciler = router->node->reconciler;
    const struct ip_address *address = &claim->prefix.address;
    int claimed = router_ifindex_of(router, claim);
    int below = claim->device[0] == '\0' ? segment_ifindex(&router->client) : claimed;
    /* What is adopted is about to be ours. */
    bool adopts = router->config->adopt && router_election(router)->holding;

    if (!adopts && reconciler_owner(reconciler, claimed, address) == ADDRESS_OTHERS)
        return claimed;
    if (below != claimed && reconciler_owner(reconciler, below, address) == ADDRESS_OTHERS)
        return below;
    return 0;
}

static struct strangers look(const struct router *router)
{
    struct strangers seen = {.holding = router_election(router)->holding};

    /* The owner of addresses has them as its own. */
    if (router->config->priority == PRIORITY_OWNER)
        return seen;
    for (size_t i = 0; i < router->claim_count; i++) {
        int ifindex = stranger_link(router, &router->claims[i]);
        const struct link *link = links_by_index(router->node->links, ifindex);

        if (link == NULL)
            continue;
        if (seen.count++ == 0) {
            seen.first = router->claims[i].prefix;
            memcpy(seen.link, link->name, sizeof(seen.link));
        }
    }
    return seen;
}

/* "192.0.2.10/24 (and 2 more) on eth0" */
static const char *subject(const struct strangers *seen, char *buffer, size_t size)
{
    char address[ADDRESS_TEXT_SIZE];
    char more[MORE_SIZE] = "";

    if (seen->count > 1)
        snprintf(more, sizeof(more), " (and %zu more)", seen->count - 1);
    snprintf(buffer, size, "%s%s on %s", ip_prefix_format(&seen->first, address, sizeof(address)),
             more, seen->link);
    return buffer;
}

static void tell(const struct router *router, int level, const char *text)
{
    const struct evidence none = {0}; /* the sentence has it all */

    log_instance(level, router->config->name, "%s", text);
    router->node->on_event(router->node->userdata, router->instance, "foreign-address", &none,
                           text);
}

static void tell_present(const struct router *router, const struct strangers *seen, bool released)
{
    char address[SUBJECT_SIZE];
    char text[REASON_TEXT_SIZE];

    (void)subject(seen, address, sizeof(address));
    if (seen->holding)
        snprintf(text, sizeof(text),
                 "%s was not put there by vipd: it gets no lease, and stays when this node gives "
                 "the addresses up (adopt = yes takes it over)",
                 address);
    else if (released)
        snprintf(text, sizeof(text),
                 "%s stays, although this node has given the addresses up: vipd did not put it "
                 "there; two nodes may answer for it until somebody removes it",
                 address);
    else
        snprintf(text, sizeof(text),
                 "%s is there already and was not put there by vipd: this node answers for it "
                 "whoever is MASTER (%s)",
                 address,
                 router->config->adopt ? "adopt: taken over when it becomes MASTER"
                                       : "remove it, or see adopt");
    tell(router, LOG_WARNING, text);
}

static void tell_gone(const struct router *router, const struct strangers *before)
{
    char address[SUBJECT_SIZE];
    char text[REASON_TEXT_SIZE];

    snprintf(text, sizeof(text), "%s is nobody else's any more",
             subject(before, address, sizeof(address)));
    tell(router, LOG_NOTICE, text);
}

static bool same(const struct strangers *a, const struct strangers *b)
{
    return a->count == b->count && a->holding == b->holding && strcmp(a->link, b->link) == 0 &&
           ip_address_equal(&a->first.address, &b->first.address);
}

static struct strangers seen_before(const struct router *router)
{
    if (router->strangers != NULL)
        return *router->strangers;
    return (struct strangers){.holding = router->looked_holding};
}

/* Out of memory: they are told again, and no status warns of them. */
static void keep(struct router *router, const struct strangers *seen)
{
    router->looked_holding = seen->holding;
    if (seen->count == 0) {
        free(router->strangers);
        router->strangers = NULL;
        return;
    }
    if (router->strangers == NULL)
        router->strangers = malloc(sizeof(*router->strangers));
    if (router->strangers != NULL)
        *router->strangers = *seen;
}

void router_strangers_look(struct router *router)
{
    const struct strangers before = seen_before(router);
    struct strangers seen = look(router);

    seen.since_wall_ns = before.count > 0 ? before.since_wall_ns : clock_wall_ns();
    keep(router, &seen);
    if (same(&before, &seen))
        return;
    if (seen.count > 0)
        tell_present(router, &seen, before.holding && !seen.holding);
    else if (before.count > 0)
        tell_gone(router, &before);
}

bool router_strangers_due(const struct router *router)
{
    return router->looked_holding != router_election(router)->holding;
}

const char *router_strangers_text(const struct router *router, char *buffer, size_t size)
{
    const struct strangers *seen = router->strangers;
    char address[SUBJECT_SIZE];

    (void)subject(seen, address, sizeof(address));
    snprintf(buffer, size, "%s was not put there by vipd: %s", address,
             seen->holding ? "it stays when this node gives the addresses up"
                           : "this node answers for it although it is not MASTER");
    return buffer;
}
