/* An election's actions in their order, and what waits for the kernel; see actions.h. */
#include "agent/instances/actions.h"

#include "agent/base/clock.h"
#include "agent/base/priorities.h"

enum { ANSWER_POLL_US = 500 };

/* Some 100 ms were seen on a very busy machine. */
#define ANSWER_WAIT_MAX_NS (250 * NS_PER_MS)

/* Who holds our addresses beside us need not ever say so by itself: ask with each announcement that
 * is no haste of a takeover. */
static void ask_now_and_then(struct router *router)
{
    const struct election *e = router_election(router);

    if (e->state == VRRP_MASTER && e->announce_done >= e->params.announce_repeat)
        router_ask(router, router->prefixes, router->count);
}

static void note_transition(struct router *router, const struct transition *t)
{
    router->last_event = t->reason;
    if (t->from == VRRP_INIT)
        router->up_since_wall_ns = clock_wall_ns();
    if (t->to == VRRP_INIT)
        router->up_since_wall_ns = 0;
    if (t->to == VRRP_MASTER && t->from != t->to)
        router->new_master_reason = t->reason;
}

static void execute(struct router *router, const struct election_action *action)
{
    switch (action->type) {
    case ACTION_SEND_ADVERT:
        router_send_advert(router, action);
        break;
    case ACTION_CLAIM:
        router_claim(router);
        break;
    case ACTION_ANNOUNCE:
        router_announce(router, router->prefixes, router->count);
        ask_now_and_then(router);
        break;
    case ACTION_RELEASE:
        router_release(router);
        break;
    case ACTION_REPORT:
        note_transition(router, &action->transition);
        break;
    }
}

static void wait_more(struct router *router)
{
    sd_event_source *timer = router->postponed.timer;

    (void)sd_event_source_set_time_relative(timer, ANSWER_POLL_US);
    (void)sd_event_source_set_enabled(timer, SD_EVENT_ONESHOT);
}

static void go_on(struct router *router)
{
    struct election_actions *rest = &router->postponed.actions;

    for (size_t i = 0; i < rest->count; i++)
        execute(router, &rest->list[i]);
    rest->count = 0;
}

static int on_postponed(sd_event_source *source, uint64_t usec, void *userdata)
{
    struct router *router = userdata;

    (void)source;
    (void)usec;
    if (router->postponed.actions.count > 0 && clock_boot_ns() < router->postponed.give_up_ns &&
        !reconciler_answers(router->node->reconciler, &router->desired))
        wait_more(router);
    else
        go_on(router);
    return 0;
}

int router_prepare(struct router *router)
{
    struct postponed *postponed = &router->postponed;

    if (router->family != IP_FAMILY_IPV6)
        return 0;
    int r = sd_event_add_time(router->node->event, &postponed->timer, CLOCK_BOOTTIME, UINT64_MAX, 1,
                              on_postponed, router);
    if (r >= 0)
        r = sd_event_source_set_priority(postponed->timer, AGENT_PRIORITY_DEADLINES);
    return r;
}

/* What these actions are about. */
struct summary {
    bool moves;    /* to another state, or off the addresses */
    bool takeover; /* from a master that was not heard any more */
};

static struct summary summarize(const struct election_actions *actions)
{
    struct summary summary = {0};

    for (size_t i = 0; i < actions->count; i++) {
        const struct election_action *action = &actions->list[i];

        if (action->type == ACTION_REPORT || action->type == ACTION_RELEASE)
            summary.moves = true;
        if (action->type == ACTION_REPORT && action->transition.to == VRRP_MASTER &&
            action->transition.reason == REASON_NO_RESPONSE)
            summary.takeover = true;
    }
    return summary;
}

/* An announcement has to wait, and an advert too, which makes others yield; but where nobody is
 * left to yield the other candidates have to hear of us. */
static bool has_to_wait(const struct summary *summary, const struct election_action *action)
{
    return action->type == ACTION_ANNOUNCE ||
           (action->type == ACTION_SEND_ADVERT && !summary->takeover);
}

static void postpone(struct router *router, const struct election_action *action)
{
    struct postponed *postponed = &router->postponed;
    uint64_t limit_ns = 2 * router->config->advert_interval_ns;

    postponed->actions.list[postponed->actions.count++] = *action;
    if (limit_ns > ANSWER_WAIT_MAX_NS)
        limit_ns = ANSWER_WAIT_MAX_NS;
    postponed->give_up_ns = clock_boot_ns() + limit_ns;
    wait_more(router);
}

void router_execute(struct router *router, const struct election_actions *actions)
{
    const struct summary summary = summarize(actions);
    struct election_actions *later = &router->postponed.actions;
    bool wait = later->count > 0 && !summary.moves;
    bool repeats = wait; /* what waits says the same */

    if (!wait)
        later->count = 0;
    for (size_t i = 0; i < actions->count; i++) {
        const struct election_action *action = &actions->list[i];

        if (!wait || !has_to_wait(&summary, action))
            execute(router, action);
        else if (!repeats)
            postpone(router, action);
        if (action->type == ACTION_CLAIM && !repeats && router->postponed.timer != NULL)
            wait = !reconciler_answers(router->node->reconciler, &router->desired);
    }
}
