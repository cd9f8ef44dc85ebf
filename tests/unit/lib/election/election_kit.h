/* What election and group tests share: short ways to make a router, an advert, an event. */
#ifndef TEST_ELECTION_KIT_H
#define TEST_ELECTION_KIT_H

#include "lib/election/group.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define MS  NS_PER_MS
#define SEC NS_PER_SEC

static inline struct ip_address kit_address(const char *text)
{
    struct ip_address address = {0};

    assert_true(ip_address_parse(text, &address));
    return address;
}

static inline struct election_params kit_params(uint8_t priority)
{
    return (struct election_params){
        .family = IP_FAMILY_IPV4,
        .version = VRRP_V3,
        .vrid = 51,
        .priority = priority,
        .preempt = true,
        .advert_interval_ns = SEC,
        .dead_factor = DEAD_FACTOR,
        .announce_repeat = 2,
    };
}

static inline struct advert kit_advert(const char *source, uint8_t priority)
{
    return (struct advert){
        .ip = {.source = kit_address(source), .ttl = 255},
        .version = 3,
        .type = 1,
        .vrid = 51,
        .priority = priority,
        .interval_ns = SEC,
        .checksum_kind = CHECKSUM_IPV4_PSEUDO_HEADER,
    };
}

/* One event; the actions are returned. */
static inline struct election_actions kit_step(struct election *e, struct election_event event,
                                               uint64_t now)
{
    struct election_actions out = {.count = 0};

    election_step(e, &event, now, &out);
    return out;
}

static inline struct election_actions kit_hear(struct election *e, const char *source,
                                               uint8_t priority, uint64_t now)
{
    struct advert advert = kit_advert(source, priority);

    return kit_step(e, (struct election_event){.type = ELECTION_ADVERT, .advert = &advert}, now);
}

static inline struct election_actions kit_timer(struct election *e, uint64_t now)
{
    return kit_step(e, (struct election_event){.type = ELECTION_TIMER}, now);
}

/* The action types as a word: C claim, A announce, S send, Z send priority 0, R release, T report.
 */
static inline const char *kit_word(const struct election_actions *actions)
{
    static char word[ELECTION_ACTIONS_MAX + 1];

    for (size_t i = 0; i < actions->count; i++) {
        const struct election_action *a = &actions->list[i];
        const char *letters = "SCART";

        word[i] = a->type == ACTION_SEND_ADVERT && a->priority == 0 ? 'Z' : letters[a->type];
    }
    word[actions->count] = '\0';
    return word;
}

static inline enum reason kit_reason(const struct election_actions *actions)
{
    for (size_t i = 0; i < actions->count; i++)
        if (actions->list[i].type == ACTION_REPORT)
            return actions->list[i].transition.reason;
    return REASON_NONE;
}

/* A router at 10.0.0.2 that was started at `now`: BACKUP (or MASTER for the owner). */
static inline struct election kit_started(const struct election_params *params, uint64_t now)
{
    struct election e;

    election_init(&e, params);
    kit_step(&e,
             (struct election_event){.type = ELECTION_SOURCE, .address = kit_address("10.0.0.2")},
             now);
    kit_step(&e, (struct election_event){.type = ELECTION_START}, now);
    return e;
}

/* The same, driven to MASTER by silence. *now is moved on. */
static inline struct election kit_master(const struct election_params *params, uint64_t *now)
{
    struct election e = kit_started(params, *now);

    if (e.state != VRRP_MASTER) {
        *now = election_deadline(&e);
        kit_timer(&e, *now);
    }
    assert_int_equal(e.state, VRRP_MASTER);
    return e;
}

#endif
