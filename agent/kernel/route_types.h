/* The kernel's numbers of what a route is (RTN_*) and of what a rule does (FR_ACT_*). */
#ifndef AGENT_KERNEL_ROUTE_TYPES_H
#define AGENT_KERNEL_ROUTE_TYPES_H

#include "lib/config/route.h"

#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>

static inline uint8_t route_type_number(enum config_route_type type)
{
    static const uint8_t numbers[ROUTE_TYPES] = {
        [ROUTE_UNICAST] = RTN_UNICAST,     [ROUTE_LOCAL] = RTN_LOCAL,
        [ROUTE_BLACKHOLE] = RTN_BLACKHOLE, [ROUTE_UNREACHABLE] = RTN_UNREACHABLE,
        [ROUTE_PROHIBIT] = RTN_PROHIBIT,   [ROUTE_THROW] = RTN_THROW,
    };

    return numbers[type];
}

static inline uint8_t rule_action_number(enum config_rule_action action)
{
    static const uint8_t numbers[RULE_ACTIONS] = {
        [RULE_LOOKUP] = FR_ACT_TO_TBL,
        [RULE_BLACKHOLE] = FR_ACT_BLACKHOLE,
        [RULE_UNREACHABLE] = FR_ACT_UNREACHABLE,
        [RULE_PROHIBIT] = FR_ACT_PROHIBIT,
    };

    return numbers[action];
}

#endif
