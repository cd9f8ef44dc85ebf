/*
 * Routes and policy rules that come and go with the mastership of an instance: what of iproute2's
 * words they are made of. Plain values, all of whose octets count when two are compared.
 */
#ifndef VIP_CONFIG_ROUTE_H
#define VIP_CONFIG_ROUTE_H

#include "lib/packet/address.h"

enum {
    /* Of each kind, in one instance. */
    INSTANCE_ROUTES_MAX = 64,
    /* Longest text of one, with NUL. */
    ROUTE_TEXT_SIZE = 320,
    ROUTE_TABLE_DEFAULT = 253,
    ROUTE_TABLE_MAIN = 254,
    ROUTE_TABLE_LOCAL = 255,
    /* What IPv6 routes have where none is given. */
    ROUTE_METRIC_IPV6 = 1024,
};

enum config_route_type {
    ROUTE_UNICAST = 0,
    ROUTE_LOCAL,
    ROUTE_BLACKHOLE,
    ROUTE_UNREACHABLE,
    ROUTE_PROHIBIT,
    ROUTE_THROW,
    ROUTE_TYPES, /* how many there are */
};

struct config_route {
    enum ip_family family;
    enum config_route_type type;
    struct ip_prefix to;           /* of length 0: default */
    struct ip_address via;         /* NONE: none */
    struct ip_address source;      /* src; NONE: none */
    char dev[INTERFACE_NAME_SIZE]; /* empty: none */
    uint32_t table;
    uint32_t metric; /* 0: none */
    uint32_t mtu;    /* 0: none */
    uint8_t scope;
    bool has_scope;
    bool onlink;
};

enum config_rule_action {
    RULE_LOOKUP = 0, /* in its table */
    RULE_BLACKHOLE,
    RULE_UNREACHABLE,
    RULE_PROHIBIT,
    RULE_ACTIONS, /* how many there are */
};

struct config_rule {
    enum ip_family family;
    struct ip_prefix from; /* address NONE: all */
    struct ip_prefix to;
    char iif[INTERFACE_NAME_SIZE]; /* empty: any */
    char oif[INTERFACE_NAME_SIZE];
    uint32_t mark;
    uint32_t mask; /* of the mark; 0: any mark */
    uint32_t priority;
    bool has_priority; /* else the kernel chooses one */
    bool inverted;     /* not */
    enum config_rule_action action;
    uint32_t table; /* of RULE_LOOKUP, else 0 */
};

/* "unicast", "blackhole", ...: iproute2's words. Static text. */
const char *config_route_type_name(enum config_route_type type);

/* The metric that the kernel gives it. */
uint32_t config_route_metric(const struct config_route *route);

/* True when the kernel can have only one of the two: same destination, table and metric. */
bool config_route_same_place(const struct config_route *a, const struct config_route *b);

/* True when nothing differs. */
bool config_route_equal(const struct config_route *a, const struct config_route *b);
bool config_rule_equal(const struct config_rule *a, const struct config_rule *b);

/* Writes it in iproute2's words, as it could stand in a configuration, and returns buffer. size: at
 * least ROUTE_TEXT_SIZE. */
const char *config_route_format(const struct config_route *route, char *buffer, size_t size);
const char *config_rule_format(const struct config_rule *rule, char *buffer, size_t size);

#endif
