/* Datagrams read many at a time; see inbox.h. Owner: the advert socket. */
#include "agent/wire/inbox.h"

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

/* A read pass: whom it is for. */
struct pass {
    const struct inbox *inbox;
    inbox_fn fn;
    void *userdata;
};

/* Of an IPv6 packet only the payload comes; the header's fields are in control messages. */
static void read_ipv6_control(struct msghdr *message, struct packet_ip *ip, int *ifindex)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c != NULL; c = CMSG_NXTHDR(message, c)) {
        if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
            struct in6_pktinfo info;
            memcpy(&info, CMSG_DATA(c), sizeof(info));
            ip->destination = ip_address_from_octets(IP_FAMILY_IPV6, &info.ipi6_addr);
            *ifindex = (int)info.ipi6_ifindex;
        } else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_HOPLIMIT) {
            int limit;
            memcpy(&limit, CMSG_DATA(c), sizeof(limit));
            ip->ttl = (uint8_t)limit;
        } else if (c->cmsg_level == IPPROTO_IPV6) {
            ip->extended = true; /* of the options of the socket only these are left */
        } else if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
            struct in_pktinfo info;
            memcpy(&info, CMSG_DATA(c), sizeof(info));
            *ifindex = info.ipi_ifindex;
        }
    }
}

static void on_message(void *userdata, const struct room_message *message)
{
    const struct pass *pass = userdata;
    const struct sockaddr_in6 *from = message->header->msg_name;
    const uint8_t *octets = message->octets;
    size_t size = message->size;
    struct packet_ip ip = {0};
    int ifindex = 0;

    read_ipv6_control(message->header, &ip, &ifindex);
    /* Only extension headers are longer than the room. */
    ip.extended = ip.extended || (message->header->msg_flags & MSG_CTRUNC) != 0;
    /* From before the socket was bound to its device. */
    if (ifindex != pass->inbox->ifindex)
        return;
    /* The header of an IPv4 packet comes with it; the kernel has checked it. */
    if (pass->inbox->family == IP_FAMILY_IPV6)
        ip.source = ip_address_from_octets(IP_FAMILY_IPV6, &from->sin6_addr);
    else if (packet_split_ip(octets, size, &ip, &octets, &size) != PACKET_OK)
        return;
    pass->fn(pass->userdata, &ip, octets, size);
}

size_t inbox_read(struct inbox *inbox, inbox_fn fn, void *userdata)
{
    struct pass pass = {.inbox = inbox, .fn = fn, .userdata = userdata};

    if (inbox->reading)
        return 0;
    inbox->reading = true;
    size_t n = room_read(inbox->room, inbox->fd, INBOX_FULL, on_message, &pass);
    inbox->reading = false;
    return n;
}
