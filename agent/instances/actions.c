/* An election's actions in their order, and what waits for the kernel; see actions.h. */
#include "agent/instances/actions.h"

#include "agent/base/clock.h"
#include "agent/instances/router_advert.h"
#include "agent/instances/state.h"

#include <assert.h>

#define RELEASE_POLL_NS (500 * NS_PER_US)

/* Some 100 ms were seen on a very busy machine. */
#define ANSWER_WAIT_MAX_NS (250 * NS_PER_MS)

/* Then it is said all the same: whoever waits for it goes on without it, too. */
#define RELEASE_WAIT_MAX_NS (2 * NS_PER_SEC)

/* In a takeover the rivals have to hear of us. */
#define TAKEOVER_WAIT_NS (2 * NS_PER_MS)

/* A master that lives answers until it hears of us: so long as we cannot, nobody is better off when
 * it does, however long others keep the kernel's lock of all links. */
#define DEPOSE_WAIT_MAX_NS (2 * NS_PER_SEC)

/* A take is over after ten of them (lib/election/raised.c). */
#define TAKE_INTERVALS_MAX 8

/* By then who had the virtual MAC before has heard of us, and answers nobody any more. */
#define SWITCH_AGAIN_NS (20 * NS_PER_MS)

/* Who holds our addresses beside us need not ever say so by itself: ask with each announcement that
 * is no haste of a takeover. */
static void ask_now_and_then(struct router *router)
{
    const struct election *e = router_election(router);

    if (e->state == VRRP_MASTER && e->announce_done >= e->params.announce_repeat)
        router_ask(router, router->claims, router->claim_count);
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

/* But for what was announced as it landed. */
static void announce_rest(struct router *router)
{
    size_t announced = router->postponed.announced;

    router->postponed.announced = 0;
    router_announce(router, router->claims + announced, router->claim_count - announced);
}

/* What the one before us has answered behind our announcement, from the same MAC, takes the switch
 * back to its port: nobody is reached there when it has let go. Any frame of ours mends that. */
static void on_moved(void *userdata)
{
    struct router *router = userdata;
    size_t i = 0;

    if (router_election(router)->state != VRRP_MASTER || router_has_to_say(router))
        return;
    while (i < router->claim_count && router->claims[i].device[0] != '\0')
        i++;
    if (i < router->claim_count)
        router_announce(router, &router->claims[i], 1);
}

/* After the first announcement of a takeover, the next of which is 100 ms away. */
static void note_moved(struct router *router)
{
    const struct election *e = router_election(router);

    if (router->config->mac == MAC_VIRTUAL && e->announce_done == 0 &&
        e->params.announce_repeat > 0)
        deadline_set(router->node->deadlines, &router->virtual->moved,
                     clock_boot_ns() + SWITCH_AGAIN_NS);
}

/* alone: it is all that comes of an event. */
static void execute(struct router *router, const struct election_action *action, bool alone)
{
    switch (action->type) {
    case ACTION_SEND_ADVERT:
        router_send_advert(router, action, alone);
        break;
    case ACTION_CLAIM:
        router_claim(router);
        break;
    case ACTION_ANNOUNCE:
        announce_rest(router);
        note_moved(router);
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

static uint64_t smaller(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* How long what is said waits for the kernel, by what made us MASTER. */
static uint64_t bound_ns(const struct router *router, enum reason reason)
{
    uint64_t interval_ns = router->config->advert_interval_ns;

    switch (reason) {
    case REASON_PREEMPTED:
    case REASON_OWNER:
        return DEPOSE_WAIT_MAX_NS;
    case REASON_TAKEN:
        return smaller(TAKE_INTERVALS_MAX * interval_ns, DEPOSE_WAIT_MAX_NS);
    default:
        return smaller(2 * interval_ns, ANSWER_WAIT_MAX_NS);
    }
}

/* The kernel has answered for the claim, and hosts are answered by it; or it had long enough. */
static bool is_ready(struct router *router, uint64_t now_ns)
{
    struct postponed *postponed = &router->postponed;

    if (!reconciler_settled(&router->desired))
        return false;
    if (reconciler_answers(router->node->reconciler, &router->desired, router->desired.count) &&
        (router->routes == NULL || route_keeper_settled(router->routes)))
        return true;
    return answer_wait_over(&postponed->wait, reconciler_progress(router->node->reconciler),
                            now_ns);
}

static bool adverts_may_go(const struct router *router, uint64_t now_ns)
{
    const struct postponed *postponed = &router->postponed;

    return now_ns >= postponed->adverts_due_ns ||
           (postponed->takeover && reconciler_settled(&router->desired));
}

/* Carries out what need not wait any more, in its order. Returns how many of the others are
 * adverts. */
static size_t go_on(struct router *router, bool ready, bool adverts)
{
    struct postponed *rest = &router->postponed;
    uint8_t left = 0;
    size_t adverts_left = 0;

    for (size_t i = 0; i < rest->count; i++) {
        const struct election_action action = {
            .type = rest->list[i], .priority = rest->priority, .source = rest->source};
        bool is_advert = action.type == ACTION_SEND_ADVERT;

        if (ready || (is_advert && adverts)) {
            execute(router, &action, false);
            continue;
        }
        adverts_left += is_advert ? 1 : 0;
        rest->list[left++] = rest->list[i];
    }
    rest->count = left;
    return adverts_left;
}

/* An announcement has to wait, and an advert too, which makes others yield. What waits already says
 * the same. */
static bool is_said(const struct router *router, enum election_action_type type)
{
    const struct postponed *waiting = &router->postponed;

    for (size_t i = 0; i < waiting->count; i++)
        if (waiting->list[i] == type)
            return true;
    return false;
}

/* Those of a claim in slices for which the kernel answers, while it gets to the others: only where
 * nobody is thought to hold them still. With a pause between two announcements all are to be known
 * at once. */
static void announce_answering(struct router *router, uint64_t now_ns)
{
    struct postponed *postponed = &router->postponed;
    size_t answering = router->desired.answering;

    if (!is_said(router, ACTION_ANNOUNCE) || router->desired.landed == 0 ||
        answering <= postponed->announced ||
        !(postponed->takeover || now_ns >= postponed->adverts_due_ns) ||
        router->instance->box->config->announce_pause_ns != 0)
        return;
    router_announce(router, router->claims + postponed->announced,
                    answering - postponed->announced);
    postponed->announced = answering;
}

static void wait_until(struct router *router, uint64_t at_ns)
{
    deadline_set(router->node->deadlines, &router->postponed.deadline, at_ns);
}

bool router_has_to_say(const struct router *router)
{
    return router->postponed.count > 0;
}

/* The kernel has none of ours any more, whoever else may have some. */
static bool is_released(const struct router *router)
{
    for (size_t i = 0; i < router->claim_count; i++) {
        const struct claimed_address *claim = &router->claims[i];

        if (reconciler_owner(router->node->reconciler, router_ifindex_of(router, claim),
                             &claim->prefix.address) == ADDRESS_OURS)
            return false;
    }
    return true;
}

/* What says that they are given up. */
static void go_on_released(struct router *router)
{
    struct postponed *postponed = &router->postponed;
    uint64_t now_ns = clock_boot_ns();

    if (!is_released(router) && now_ns < postponed->give_up_ns) {
        wait_until(router, now_ns + RELEASE_POLL_NS);
        return;
    }
    postponed->releasing = false;
    (void)go_on(router, true, true);
    router->calls->on_said(router);
}

void router_go_on(struct router *router)
{
    uint64_t now_ns = clock_boot_ns();

    if (router->postponed.count == 0)
        return;
    if (router->postponed.releasing) {
        go_on_released(router);
        return;
    }
    bool ready = is_ready(router, now_ns);
    size_t adverts = go_on(router, ready, adverts_may_go(router, now_ns));
    if (router->postponed.count == 0)
        return;
    announce_answering(router, now_ns);
    if (reconciler_settled(&router->desired))
        wait_until(router, now_ns + answer_wait_pause_ns(router->desired.count));
    else if (adverts > 0)
        wait_until(router, router->postponed.adverts_due_ns);
    /* Else until the kernel answers: what it does not hold is not announced. */
}

static void on_postponed(void *userdata)
{
    router_go_on(userdata);
}

int router_prepare(struct router *router)
{
    router->postponed.deadline = (struct deadline){.fn = on_postponed, .userdata = router};
    int r = deadlines_add(router->node->deadlines, &router->postponed.deadline);

    if (r < 0 || router->virtual == NULL)
        return r;
    router->virtual->moved = (struct deadline){.fn = on_moved, .userdata = router};
    return deadlines_add(router->node->deadlines, &router->virtual->moved);
}

/* What these actions are about. */
struct summary {
    bool moves;         /* to another state, or off the addresses */
    enum reason master; /* why we are MASTER from now on; else none */
};

static struct summary summarize(const struct election_actions *actions)
{
    struct summary summary = {0};

    for (size_t i = 0; i < actions->count; i++) {
        const struct election_action *action = &actions->list[i];

        if (action->type == ACTION_REPORT || action->type == ACTION_RELEASE)
            summary.moves = true;
        if (action->type == ACTION_REPORT && action->transition.to == VRRP_MASTER)
            summary.master = action->transition.reason;
    }
    return summary;
}

void router_landed(struct router *router)
{
    struct desired_set *desired = &router->desired;

    (void)reconciler_answers(router->node->reconciler, desired, desired->landed);
    announce_answering(router, clock_boot_ns());
}

static bool has_to_wait(const struct router *router, const struct election_action *action)
{
    if (router->postponed.releasing)
        return action->type == ACTION_SEND_ADVERT;
    if (action->type == ACTION_SEND_ADVERT)
        return clock_boot_ns() < router->postponed.adverts_due_ns;
    return action->type == ACTION_ANNOUNCE;
}

/* From now on what is said waits for the kernel. */
static void begin_to_wait(struct router *router, enum reason reason)
{
    struct postponed *postponed = &router->postponed;

    postponed->takeover = reason == REASON_NO_RESPONSE;
    answer_wait_begin(&postponed->wait, bound_ns(router, reason));
    postponed->announced = 0;
    postponed->releasing = false;
    postponed->adverts_due_ns =
        clock_boot_ns() + (postponed->takeover ? TAKEOVER_WAIT_NS : postponed->wait.bound_ns);
}

static void postpone(struct postponed *later, const struct election_action *action)
{
    assert(later->count < POSTPONED_MAX);
    later->list[later->count++] = action->type;
    if (action->type == ACTION_SEND_ADVERT) {
        later->priority = action->priority;
        later->source = action->source;
    }
}

/* From now on what is said waits for the kernel to have removed the addresses. */
static void begin_to_release(struct router *router)
{
    struct postponed *postponed = &router->postponed;

    postponed->releasing = true;
    postponed->give_up_ns = clock_boot_ns() + RELEASE_WAIT_MAX_NS;
}

void router_execute(struct router *router, const struct election_actions *actions)
{
    const struct summary summary = summarize(actions);
    struct postponed *later = &router->postponed;
    bool wait = later->count > 0 && !summary.moves;
    bool alone = actions->count == 1 && later->count == 0;

    if (!wait) {
        later->count = 0;
        later->announced = 0;
        later->releasing = false;
    }
    for (size_t i = 0; i < actions->count; i++) {
        const struct election_action *action = &actions->list[i];

        if (!wait || !has_to_wait(router, action))
            execute(router, action, alone);
        else if (!is_said(router, action->type))
            postpone(later, action);
        if (action->type == ACTION_CLAIM && !wait) {
            begin_to_wait(router, summary.master);
            wait = !is_ready(router, clock_boot_ns());
        }
        if (action->type == ACTION_RELEASE && router_election(router)->params.release_first) {
            begin_to_release(router);
            wait = !is_released(router);
        }
    }
    router_go_on(router);
}
