/*
 * One parser for each type of value, for the table in values.c: strict, storing only what it
 * understood, wording what it did not. They return 0, -EINVAL with the words written and nothing
 * stored, or -ENOMEM. What they are given to fill is the field of the key, or where a value goes to
 * several fields (claims, peer, source, preempt, password, group, route, rule, auth_key) the
 * instance as a whole. Fields of fixed size are cleared before they are written, so that equal
 * values are equal octets.
 */
#ifndef VIP_CONFIG_VALUE_PARSERS_H
#define VIP_CONFIG_VALUE_PARSERS_H

#include "lib/config/refusal.h"
#include "lib/packet/address.h"

typedef int config_parser(const struct refusal *refusal, void *field);

/* advert_keys.c: keys of authenticated adverts. */
config_parser config_parse_auth_key;

/* value_texts.c: texts, names and words. */
config_parser config_parse_kept_name, config_parse_kept_path;
config_parser config_parse_name, config_parse_interface, config_parse_line, config_parse_path;
config_parser config_parse_method, config_parse_octets, config_parse_words, config_parse_command;
config_parser config_parse_members, config_parse_track, config_parse_password;

/* value_numbers.c: numbers, choices and times. */
config_parser config_parse_number, config_parse_bool, config_parse_choice, config_parse_duration;
config_parser config_parse_preempt, config_parse_statuses, config_parse_weight;
config_parser config_parse_damping;

/* value_addresses.c: addresses. */
config_parser config_parse_peer, config_parse_source, config_parse_endpoint, config_parse_address;
config_parser config_parse_group;

/* value_claims.c: virtual addresses with their words. */
config_parser config_parse_listed, config_parse_extra;

/* How long the item at the beginning of the text is: an address and the words behind it. */
size_t config_claim_length(const char *text);

/* Why an address cannot be one host's, or NULL. Static text. */
const char *config_address_unusable(const struct ip_address *address);

/* Whether an interface can have that name. */
bool config_interface_valid(const char *name);

/* value_routes.c, value_rules.c: phrases in iproute2's words. */
config_parser config_parse_route, config_parse_rule;

#endif
