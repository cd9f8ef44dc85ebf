/* The kernel's answers, taken in; see outcome.h. Owner: the reconciler. */
#include "agent/kernel/outcome.h"

#include "agent/base/log.h"
#include "agent/kernel/heirs.h"

#include <errno.h>
#include <string.h>

/* What is needed to take in a batch's changes. */
struct conclusion {
    struct links *links;
    struct remembered *remembered;
    const struct desired_sets *sets;
    bool lost; /* addresses have gone while it was on its way */
    struct outcome out;
    struct heirs turned; /* what the opposite may be wanted of by now */
};

static const char *link_name(const struct links *links, int ifindex)
{
    const struct link *link = links_by_index(links, ifindex);

    return link != NULL ? link->name : "(gone)";
}

static void log_failure(const struct links *links, const struct address_change *change,
                        const struct desired_set *set)
{
    static const char *const verbs[] = {
        [ADDRESS_ADD] = "add ",
        [ADDRESS_REFRESH] = "refresh ",
        [ADDRESS_REMOVE] = "remove ",
        [ADDRESS_PROMOTE] = "keep the other addresses along with ",
        [ADDRESS_LINK_UP] = "set the virtual MAC's link up",
        [ADDRESS_LINK_DOWN] = "set the virtual MAC's link down",
    };
    bool of_link = change->operation == ADDRESS_LINK_UP || change->operation == ADDRESS_LINK_DOWN;
    char text[ADDRESS_TEXT_SIZE] = "";

    if (!of_link)
        ip_prefix_format(&change->address.prefix, text, sizeof(text));
    log_instance(LOG_ERR, set != NULL ? set->owner : "left over", "cannot %s%s on %s: %s%s%s",
                 verbs[change->operation], text, link_name(links, change->address.ifindex),
                 strerror(-change->result), change->detail[0] != '\0' ? ": " : "", change->detail);
}

/* What was wanted is so already: it went with its link, or somebody else took it away. What nobody
 * wants any more need not succeed. */
static bool is_harmless(const struct address_change *change, const struct desired_set *set)
{
    switch (change->operation) {
    case ADDRESS_ADD:
    case ADDRESS_REFRESH:
        return set == NULL;
    case ADDRESS_REMOVE:
        return change->result == -EADDRNOTAVAIL || change->result == -ENODEV;
    case ADDRESS_LINK_DOWN:
        return change->result == -ENODEV;
    default:
        return false;
    }
}

/* What we have added is known by its mark; should that go, by this. */
static void remember(struct remembered *remembered, const struct address_change *change)
{
    const struct observed_address *address = &change->address;

    if (change->operation == ADDRESS_ADD || change->operation == ADDRESS_REFRESH)
        remembered_add(remembered, address->ifindex, &address->prefix);
    else if (change->operation == ADDRESS_REMOVE)
        remembered_forget(remembered, address->ifindex, &address->prefix);
}

/* What is in the kernel and not in the view: not told yet, or told and gone again since. */
static bool is_perhaps_gone(const struct conclusion *c, const struct observed_address *address)
{
    return c->lost && links_prefix(c->links, address->ifindex, &address->prefix) == NULL;
}

/* What is not heard of is there unless somebody was heard to have changed it since, in whichever
 * order: then it is compared once more. */
static bool is_unsure(const struct conclusion *c, const struct address_change *change,
                      struct desired_set *set, bool disputed)
{
    if (!change->unheard)
        return is_perhaps_gone(c, &change->address);
    if (set == NULL || !disputed)
        return false;
    set->again = true;
    return true;
}

static void note_success(const struct conclusion *c, const struct address_change *change,
                         struct desired_set *set, bool disputed)
{
    struct links *links = c->links;

    switch (change->operation) {
    case ADDRESS_ADD:
    case ADDRESS_REFRESH:
        if (!is_unsure(c, change, set, disputed))
            links_note_address(links, &change->address, true);
        break;
    case ADDRESS_REMOVE:
        links_note_address(links, &change->address, false);
        break;
    case ADDRESS_LINK_UP:
    case ADDRESS_LINK_DOWN:
        links_note_up(links, change->address.ifindex, change->operation == ADDRESS_LINK_UP);
        break;
    case ADDRESS_PROMOTE:
        break;
    }
}

/* One line a set: the others fail for the same reason, and so does the next attempt. */
static void note_failure(const struct links *links, const struct address_change *change,
                         struct desired_set *set)
{
    bool adds = change->operation == ADDRESS_ADD || change->operation == ADDRESS_REFRESH;

    if (set == NULL || !adds) {
        if (set == NULL || set->failed == 0 || set->error != change->result)
            log_failure(links, change, set);
        return;
    }
    if (set->failed == 0)
        set->error = change->result;
    set->failed++;
    set->unplanned = true;
    if (set->said == change->result || (set->failed > 1 && set->error == change->result))
        return;
    log_failure(links, change, set);
    set->said = change->result;
}

/* What has changed while it was on its way: the opposite is wanted by now. */
static void turn_back(void *userdata, const struct address_change *change, struct desired_set *heir)
{
    struct conclusion *c = userdata;

    if (change->operation == ADDRESS_REMOVE && heir != NULL) {
        heir->attempt = true;
        heir->attempted = 0;
    }
    c->out.unwanted = c->out.unwanted || (change->operation == ADDRESS_ADD && heir == NULL);
}

/* The address is not in the view, so whose is it? The second time nobody knows. */
static bool is_unexpected(const struct address_change *change, struct desired_set *set)
{
    if (change->operation != ADDRESS_ADD || change->result != -EEXIST || set == NULL || set->looked)
        return false;
    set->reading = true;
    set->attempt = true;
    set->attempted = 0;
    set->refresh = true;
    set->refreshed = 0;
    set->on_time = false;
    return true;
}

/* It may be there all the same, and of that nothing is heard. */
static bool is_unanswered(const struct address_change *change)
{
    return change->unheard && (change->result == -ETIMEDOUT || change->result == -ENOBUFS);
}

static bool may_turn_back(const struct address_change *change, const struct desired_set *set)
{
    return change->operation == ADDRESS_REMOVE || (change->operation == ADDRESS_ADD && set == NULL);
}

static void conclude_one(struct conclusion *c, unsigned index, const struct address_change *change,
                         struct desired_set *set, bool disputed)
{
    if (is_unexpected(change, set)) {
        c->out.unexpected = true;
        return;
    }
    c->out.unexpected = c->out.unexpected || is_unanswered(change);
    if (change->result == 0) {
        note_success(c, change, set, disputed);
        remember(c->remembered, change);
        if (set != NULL && change->operation == ADDRESS_ADD) {
            set->added++;
            set->said = 0;
        }
        if (may_turn_back(change, set))
            heirs_ask(&c->turned, index);
        return;
    }
    if (is_harmless(change, set)) {
        if (change->operation == ADDRESS_REMOVE)
            remember(c->remembered, change);
        return;
    }
    note_failure(c->links, change, set);
    if (c->out.removal_error == 0 &&
        (change->operation == ADDRESS_REMOVE || change->operation == ADDRESS_LINK_DOWN))
        c->out.removal_error = change->result;
}

struct outcome outcome_conclude(const struct address_batch *batch, struct links *links,
                                struct remembered *remembered, const struct desired_sets *sets)
{
    struct conclusion c = {.links = links,
                           .remembered = remembered,
                           .sets = sets,
                           .lost = links_losses(links) != batch->losses};

    for (unsigned i = 0; i < batch->count; i++) {
        struct desired_set *set = batch->owners[i];

        if (set != NULL && --set->in_flight == 0)
            set->renewing = 0;
        conclude_one(&c, i, &batch->changes[i], set, batch->disputed[i]);
    }
    heirs_tell(&c.turned, batch, sets, turn_back, &c);
    for (unsigned i = 0; i < batch->count; i++)
        if (batch->owners[i] != NULL && batch->owners[i]->reading)
            batch->owners[i]->looked = true;
    return c.out;
}
