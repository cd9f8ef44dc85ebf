/* Kinds of interface; see interface_fit.h. */
#include "lib/config/interface_fit.h"

#include <stdio.h>
#include <string.h>

/* As the kernel counts them. */
enum macvlan_mode {
    MACVLAN_PRIVATE = 1,
    MACVLAN_PASSTHRU = 8,
    MACVLAN_SOURCE = 16,
};

enum {
    IPVLAN_L2 = 0,
};

enum bond_mode {
    BOND_ACTIVE_BACKUP = 1,
    BOND_8023AD = 4,
};

static bool is_kind(const struct interface_nature *nature, const char *kind)
{
    return strcmp(nature->kind, kind) == 0;
}

/* Why no other node is reached by it. NULL: some can be. */
static const char *reaches_nobody(const struct interface_nature *nature)
{
    if (nature->loopback)
        return "is the loopback interface";
    if (is_kind(nature, "dummy"))
        return "is a dummy";
    return is_kind(nature, "vrf") ? "is a VRF and not one of its interfaces" : NULL;
}

/* Why there is no multicast on it. NULL: there is. */
static const char *lacks_multicast(const struct interface_nature *nature)
{
    if (is_kind(nature, "ipvlan") && nature->mode != IPVLAN_L2)
        return "is an ipvlan in mode l3, which carries no multicast";
    /* An Ethernet carries it whatever the flag says. */
    if (nature->multicast || nature->ethernet)
        return NULL;
    if (is_kind(nature, "wireguard"))
        return "is a WireGuard link, which carries no multicast";
    return "is a link without multicast";
}

/* Why no MAC can be put beside that of the interface. NULL: one can. */
static const char *lacks_macs(const struct interface_nature *nature)
{
    if (is_kind(nature, "ipvlan"))
        return "is an ipvlan, which has the MAC of the interface below and can have no other";
    if (is_kind(nature, "macvtap") || is_kind(nature, "ipvtap"))
        return "hands its frames to a program";
    if (!nature->ethernet)
        return "has no MACs";
    if (!is_kind(nature, "macvlan"))
        return NULL;
    switch (nature->mode) {
    case MACVLAN_PASSTHRU:
        return "is a macvlan in mode passthru, beside which there can be no other";
    case MACVLAN_PRIVATE:
        return "is a macvlan in mode private, which does not hear the other nodes then";
    case MACVLAN_SOURCE:
        return "is a macvlan in mode source, which does not hear the other nodes then";
    default:
        return NULL;
    }
}

const char *interface_unfit(const struct interface_nature *nature,
                            const struct config_instance *instance, char *buffer, size_t size)
{
    const char *name = nature->name;
    const char *why = reaches_nobody(nature);

    if (why != NULL) {
        snprintf(buffer, size,
                 "%s %s: no peer hears adverts there. `interface` is to be the one that reaches "
                 "the peers; an address is put on %s by `addresses = ADDRESS dev %s`",
                 name, why, name, name);
        return buffer;
    }
    why = lacks_multicast(nature);
    if (why != NULL && !instance->unicast) {
        snprintf(buffer, size, "%s %s: set `unicast-peers`%s%s%s", name, why,
                 nature->ethernet ? "" : " (or `ip link set ", nature->ethernet ? "" : name,
                 nature->ethernet ? "" : " multicast on`, where the other end gets it)");
        return buffer;
    }
    why = lacks_macs(nature);
    if (why != NULL && instance->mac == MAC_VIRTUAL) {
        snprintf(buffer, size, "%s %s: `mac = virtual` cannot be had there", name, why);
        return buffer;
    }
    return NULL;
}

bool interface_hears_itself(const struct interface_nature *nature)
{
    return is_kind(nature, "bond") && nature->mode != BOND_ACTIVE_BACKUP &&
           nature->mode != BOND_8023AD;
}
