/* What a virtual router knows of itself: its times (RFC 9568 6.1) and its priority. */
#include "lib/election/router.h"

uint64_t election_skew_ns(const struct election *e)
{
    uint64_t base = e->params.version == VRRP_V2 ? NS_PER_SEC : e->learned_interval_ns;

    return (256u - (uint64_t)e->params.priority) * base / 256;
}

uint64_t election_master_down_ns(const struct election *e)
{
    return e->params.dead_factor * e->learned_interval_ns + election_skew_ns(e);
}

bool election_lingering(const struct election *e)
{
    return e->linger_until != DEADLINE_NEVER;
}

bool election_preparing(const struct election *e)
{
    return e->preparation != PREPARATION_NONE;
}

uint8_t election_priority(const struct election *e)
{
    if (e->raised_until != DEADLINE_NEVER && e->params.priority < PRIORITY_RAISED)
        return PRIORITY_RAISED;
    return e->params.priority;
}

uint64_t election_hand_over_ns(const struct election_params *params, uint64_t interval_ns)
{
    /* The longest master-down interval that a successor can have (priority 0 would be the limit),
     * so that nothing is lost even when our resignation is. */
    uint64_t skew_max = params->version == VRRP_V2 ? NS_PER_SEC : interval_ns;

    return params->dead_factor * interval_ns + skew_max + ELECTION_SETTLE_NS;
}

uint64_t election_offer_ns(const struct election *e)
{
    uint64_t bound = election_hand_over_ns(&e->params, e->learned_interval_ns);

    return e->params.linger_ns > bound ? e->params.linger_ns : bound;
}

enum take_verdict election_take_verdict(const struct election *e)
{
    if (e->state == VRRP_INIT)
        return TAKE_HELD;
    if (e->state == VRRP_MASTER)
        return TAKE_MASTER;
    if (e->master_priority == PRIORITY_OWNER)
        return TAKE_OWNER;
    if (e->master_priority == PRIORITY_RAISED && ip_address_compare(&e->master, &e->source) > 0)
        return TAKE_TIE_LOST;
    return TAKE_POSSIBLE;
}

enum checksum_kind election_first_checksum_kind(const struct election_params *params)
{
    if (params->version == VRRP_V2)
        return CHECKSUM_MESSAGE_ONLY;
    if (params->family == IP_FAMILY_IPV6)
        return CHECKSUM_IPV6_PSEUDO_HEADER;
    return params->checksum == CHECKSUM_MODE_RFC9568 ? CHECKSUM_MESSAGE_ONLY
                                                     : CHECKSUM_IPV4_PSEUDO_HEADER;
}
