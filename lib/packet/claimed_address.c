/* Addresses with their words; see claimed_address.h. */
#include "lib/packet/claimed_address.h"

#include <stdio.h>
#include <string.h>

enum { SCOPE_MAX = 254 };

static const struct {
    const char *name;
    uint8_t scope;
} scopes[] = {{"global", ADDRESS_SCOPE_GLOBAL},
              {"site", ADDRESS_SCOPE_SITE},
              {"link", ADDRESS_SCOPE_LINK},
              {"host", ADDRESS_SCOPE_HOST}};

bool claimed_address_equal(const struct claimed_address *a, const struct claimed_address *b)
{
    return a->prefix.length == b->prefix.length &&
           ip_address_equal(&a->prefix.address, &b->prefix.address) &&
           strcmp(a->device, b->device) == 0 && strcmp(a->label, b->label) == 0 &&
           memcmp(a->broadcast, b->broadcast, sizeof(a->broadcast)) == 0 && a->scope == b->scope &&
           a->has_scope == b->has_scope && a->no_prefix_route == b->no_prefix_route &&
           a->extra == b->extra;
}

bool claimed_addresses_equal(const struct claimed_address *a, size_t a_count,
                             const struct claimed_address *b, size_t b_count)
{
    if (a_count != b_count)
        return false;
    for (size_t i = 0; i < a_count; i++)
        if (!claimed_address_equal(&a[i], &b[i]))
            return false;
    return true;
}

bool claimed_addresses_name_devices(const struct claimed_address *addresses, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (addresses[i].device[0] != '\0')
            return true;
    return false;
}

uint8_t claimed_address_scope(const struct claimed_address *address)
{
    const struct ip_address *ip = &address->prefix.address;

    if (address->has_scope)
        return address->scope;
    return ip->family == IP_FAMILY_IPV6 && ip_address_is_link_local(ip) ? ADDRESS_SCOPE_LINK
                                                                        : ADDRESS_SCOPE_GLOBAL;
}

bool address_scope_parse(const char *text, uint8_t *scope)
{
    size_t length = strlen(text);
    unsigned value = 0;

    for (size_t i = 0; i < sizeof(scopes) / sizeof(scopes[0]); i++) {
        if (strcmp(scopes[i].name, text) == 0) {
            *scope = scopes[i].scope;
            return true;
        }
    }
    if (length == 0 || length > 3 || text[strspn(text, "0123456789")] != '\0')
        return false;
    for (; *text != '\0'; text++)
        value = value * 10 + (unsigned)(*text - '0');
    *scope = (uint8_t)value;
    return value <= SCOPE_MAX;
}

const char *address_scope_name(uint8_t scope, char *buffer, size_t size)
{
    for (size_t i = 0; i < sizeof(scopes) / sizeof(scopes[0]); i++)
        if (scopes[i].scope == scope)
            return scopes[i].name;
    snprintf(buffer, size, "%u", scope);
    return buffer;
}
