/* Requests to nf_tables and their answers; see nft_socket.h. */
#include "agent/kernel/nft_socket.h"

#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>

enum {
    ANSWER_BYTES = 32768,
    REQUEST_BYTES = 512,
    RECEIVE_BUFFER_BYTES = 1024 * 1024,
    /* Bounds on what is read of one answer. */
    ANSWERS_MAX = 65536,
};

struct nft_socket {
    struct mnl_socket *socket;
    uint32_t port;
    uint32_t sequence;
    _Alignas(8) char request[REQUEST_BYTES];
    _Alignas(8) char answer[ANSWER_BYTES];
};

int nft_socket_open(struct nft_socket **out)
{
    const struct timeval limit = {.tv_sec = 1};
    struct nft_socket *s = calloc(1, sizeof(*s));
    int bytes = RECEIVE_BUFFER_BYTES;

    *out = NULL;
    if (s == NULL)
        return -ENOMEM;
    s->sequence = 1;
    s->socket = mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC);
    if (s->socket == NULL || mnl_socket_bind(s->socket, 0, MNL_SOCKET_AUTOPID) < 0) {
        int error = errno;
        nft_socket_close(s);
        return -error;
    }
    s->port = mnl_socket_get_portid(s->socket);
    (void)setsockopt(mnl_socket_get_fd(s->socket), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    (void)setsockopt(mnl_socket_get_fd(s->socket), SOL_SOCKET, SO_RCVBUFFORCE, &bytes,
                     sizeof(bytes));
    *out = s;
    return 0;
}

void nft_socket_close(struct nft_socket *socket)
{
    if (socket == NULL)
        return;
    if (socket->socket != NULL)
        mnl_socket_close(socket->socket);
    free(socket);
}

uint32_t nft_socket_port(const struct nft_socket *socket)
{
    return socket->port;
}

uint32_t nft_socket_sequence(const struct nft_socket *socket)
{
    return socket->sequence;
}

static ssize_t receive(struct nft_socket *s)
{
    ssize_t n;

    do
        n = recv(mnl_socket_get_fd(s->socket), s->answer, sizeof(s->answer), 0);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return errno == EAGAIN ? -ETIMEDOUT : -errno;
    return n;
}

/* The acknowledgements of a batch. */
struct tally {
    uint32_t sequence; /* of its begin */
    unsigned missing;
    int error; /* the first */
};

static void note_answer(struct tally *tally, const struct nlmsghdr *header)
{
    const struct nlmsgerr *answer = mnl_nlmsg_get_payload(header);

    if (header->nlmsg_type != NLMSG_ERROR || mnl_nlmsg_get_payload_len(header) < sizeof(*answer) ||
        header->nlmsg_seq - tally->sequence > tally->missing + ANSWERS_MAX)
        return;
    if (tally->error == 0)
        tally->error = answer->error;
    /* What refuses the begin refuses all, and is all that is said. */
    if (header->nlmsg_seq == tally->sequence)
        tally->missing = 0;
    else if (tally->missing > 0)
        tally->missing--;
}

/* The whole of it has to fit in what may be on its way. */
static void make_room(const struct nft_socket *s, size_t size)
{
    int bytes = (int)(size < INT32_MAX / 2 ? size * 2 : INT32_MAX / 2);

    (void)setsockopt(mnl_socket_get_fd(s->socket), SOL_SOCKET, SO_SNDBUFFORCE, &bytes,
                     sizeof(bytes));
}

int nft_socket_send(struct nft_socket *socket, const struct nft_batch *batch)
{
    struct tally tally = {.sequence = batch->sequence};
    const struct nlmsghdr *header = (const struct nlmsghdr *)(const void *)batch->octets;
    size_t size = nft_batch_size(batch);
    int left = (int)size;

    for (; mnl_nlmsg_ok(header, left); header = mnl_nlmsg_next(header, &left))
        tally.missing += (header->nlmsg_flags & NLM_F_ACK) != 0 ? 1 : 0;
    socket->sequence = batch->sequence + batch->count;
    make_room(socket, size);
    if (mnl_socket_sendto(socket->socket, batch->octets, size) < 0)
        return -errno;
    while (tally.missing > 0) {
        ssize_t n = receive(socket);

        if (n < 0)
            return tally.error != 0 ? tally.error : (int)n;
        left = (int)n;
        header = (const struct nlmsghdr *)(const void *)socket->answer;
        for (; mnl_nlmsg_ok(header, left); header = mnl_nlmsg_next(header, &left))
            note_answer(&tally, header);
    }
    return tally.error;
}

struct count {
    uint16_t type; /* of what is counted */
    int found;
};

static int count_nested(const struct nlattr *attribute, void *userdata)
{
    struct count *count = userdata;

    count->found += mnl_attr_get_type(attribute) == NFTA_LIST_ELEM ? 1 : 0;
    return MNL_CB_OK;
}

static int find_elements(const struct nlattr *attribute, void *userdata)
{
    if (mnl_attr_get_type(attribute) == NFTA_SET_ELEM_LIST_ELEMENTS)
        (void)mnl_attr_parse_nested(attribute, count_nested, userdata);
    return MNL_CB_OK;
}

static int count_one(const struct nlmsghdr *header, void *userdata)
{
    struct count *count = userdata;

    if ((header->nlmsg_flags & NLM_F_DUMP_INTR) != 0) {
        errno = EINTR;
        return MNL_CB_ERROR;
    }
    if ((header->nlmsg_type & 0xff) == NFT_MSG_NEWRULE)
        count->found++;
    else if ((header->nlmsg_type & 0xff) == NFT_MSG_NEWSETELEM)
        (void)mnl_attr_parse(header, sizeof(struct nfgenmsg), find_elements, count);
    return MNL_CB_OK;
}

int nft_socket_count(struct nft_socket *socket, uint16_t type, const char *table,
                     uint16_t part_type, const char *part)
{
    struct nlmsghdr *header = mnl_nlmsg_put_header(socket->request);
    struct nfgenmsg *general = mnl_nlmsg_put_extra_header(header, sizeof(*general));
    uint32_t sequence = socket->sequence++;
    struct count count = {.type = type};
    int r = MNL_CB_OK;

    header->nlmsg_type = (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | type);
    header->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
    header->nlmsg_seq = sequence;
    *general = (struct nfgenmsg){.nfgen_family = NFPROTO_INET, .version = NFNETLINK_V0};
    /* NFTA_RULE_TABLE and NFTA_SET_ELEM_LIST_TABLE are the same number. */
    mnl_attr_put_strz(header, NFTA_RULE_TABLE, table);
    mnl_attr_put_strz(header, part_type, part);
    if (mnl_socket_sendto(socket->socket, header, header->nlmsg_len) < 0)
        return -errno;
    for (int i = 0; r > MNL_CB_STOP && i < ANSWERS_MAX; i++) {
        ssize_t n = receive(socket);

        if (n < 0)
            return (int)n;
        /* Those of a question that was given up are of another number. */
        const struct nlmsghdr *first = (const struct nlmsghdr *)(const void *)socket->answer;
        if (first->nlmsg_seq == sequence)
            r = mnl_cb_run(socket->answer, (size_t)n, sequence, socket->port, count_one, &count);
    }
    return r == MNL_CB_ERROR ? -errno : count.found;
}
