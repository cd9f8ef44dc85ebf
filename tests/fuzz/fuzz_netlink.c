/* Netlink messages about links and addresses: a sound header, anything behind it. */
#include "agent/links_parse.h"
#include "tests/fuzz/fuzz.h"

#include <linux/rtnetlink.h>
#include <string.h>

enum { BODY_MAX = 4096 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint16_t types[] = {RTM_NEWLINK, RTM_DELLINK, RTM_NEWADDR, RTM_DELADDR};
    struct observed_address address;
    struct link link = {0};

    if (size < 1 || size > BODY_MAX)
        return 0;
    size_t length = NLMSG_HDRLEN + size - 1;
    /* Of exactly that size: one octet too far is seen. */
    struct nlmsghdr *message = malloc(length);
    MUST(message != NULL);
    *message = (struct nlmsghdr){.nlmsg_len = (uint32_t)length, .nlmsg_type = types[data[0] % 4]};
    memcpy((char *)message + NLMSG_HDRLEN, data + 1, size - 1);
    if (links_parse_link(message, &link))
        MUST(link.ifindex > 0 && memchr(link.name, 0, sizeof(link.name)) != NULL);
    if (links_parse_address(message, &address))
        MUST(address.prefix.address.family != IP_FAMILY_NONE);
    free(message);
    return 0;
}
