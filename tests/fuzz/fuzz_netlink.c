/* Netlink messages about links and addresses: a sound header, anything behind it. */
#include "agent/kernel/links_parse.h"
#include "tests/fuzz/fuzz.h"

#include <linux/rtnetlink.h>
#include <string.h>

enum { BODY_MAX = 4096, BEHIND = 64 };

/* What the parsers make of one message. */
struct parsed {
    int ifindex;
    bool is_link;
    bool is_address;
    struct link link;
    struct observed_address address;
};

static void parse(struct nlmsghdr *message, struct parsed *out)
{
    struct link link;

    memset(out, 0, sizeof(*out));
    out->link.ifindex = 7;
    out->link.mtu = 1500;
    strcpy(out->link.alias, "before");
    memcpy(&link, &out->link, sizeof(link));
    out->ifindex = links_parse_ifindex(message);
    out->is_link = links_parse_link(message, &out->link);
    out->is_address = links_parse_address(message, &out->address);
    MUST(out->is_link || memcmp(&link, &out->link, sizeof(link)) == 0);
}

static void check_link(const struct parsed *parsed)
{
    const struct link *link = &parsed->link;

    MUST(link->ifindex > 0 && link->ifindex == parsed->ifindex);
    MUST(memchr(link->name, 0, sizeof(link->name)) != NULL);
    MUST(memchr(link->kind, 0, sizeof(link->kind)) != NULL);
    MUST(memchr(link->alias, 0, sizeof(link->alias)) != NULL);
}

static bool same_link(const struct link *a, const struct link *b)
{
    return a->ifindex == b->ifindex && strcmp(a->name, b->name) == 0 &&
           memcmp(a->mac, b->mac, sizeof(a->mac)) == 0 && a->has_mac == b->has_mac &&
           a->up == b->up && a->carrier == b->carrier && a->mtu == b->mtu &&
           strcmp(a->kind, b->kind) == 0 && a->parent == b->parent &&
           strcmp(a->alias, b->alias) == 0 && a->promote_secondaries == b->promote_secondaries;
}

static bool same_address(const struct observed_address *a, const struct observed_address *b)
{
    return a->ifindex == b->ifindex && ip_address_equal(&a->prefix.address, &b->prefix.address) &&
           a->prefix.length == b->prefix.length && a->flags == b->flags && a->proto == b->proto &&
           a->valid_s == b->valid_s;
}

static struct nlmsghdr *make(const uint8_t *data, size_t size, size_t behind, int fill)
{
    static const uint16_t types[] = {RTM_NEWLINK, RTM_DELLINK, RTM_NEWADDR, RTM_DELADDR};
    size_t length = NLMSG_HDRLEN + size - 1;
    struct nlmsghdr *message = malloc(length + behind);

    MUST(message != NULL);
    memset(message, fill, length + behind);
    *message = (struct nlmsghdr){.nlmsg_len = (uint32_t)length, .nlmsg_type = types[data[0] % 4]};
    memcpy((char *)message + NLMSG_HDRLEN, data + 1, size - 1);
    return message;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    /* In a buffer of exactly that size our own reading beyond it is seen. libnl is not
     * instrumented: its reading shows when what lies behind the message makes a difference. */
    static const struct {
        size_t behind;
        int fill;
    } buffers[] = {{0, 0}, {BEHIND, 0x01}, {BEHIND, 0xff}};
    struct parsed parsed[3];

    if (size < 1 || size > BODY_MAX)
        return 0;
    for (size_t i = 0; i < 3; i++) {
        struct nlmsghdr *message = make(data, size, buffers[i].behind, buffers[i].fill);
        parse(message, &parsed[i]);
        free(message);
    }
    if (parsed[1].is_link)
        check_link(&parsed[1]);
    if (parsed[1].is_address)
        MUST(parsed[1].address.prefix.address.family != IP_FAMILY_NONE);
    for (size_t i = 0; i < 3; i += 2) {
        MUST(parsed[i].ifindex == parsed[1].ifindex && parsed[i].is_link == parsed[1].is_link);
        MUST(parsed[i].is_address == parsed[1].is_address);
        MUST(!parsed[1].is_link || same_link(&parsed[i].link, &parsed[1].link));
        MUST(!parsed[1].is_address || same_address(&parsed[i].address, &parsed[1].address));
    }
    return 0;
}
