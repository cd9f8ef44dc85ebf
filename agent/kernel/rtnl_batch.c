/* Batched rtnetlink requests; see rtnl_batch.h. Owner: the reconciler, or a virtual link call. */
#include "agent/kernel/rtnl_batch.h"

#include <assert.h>
#include <errno.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>

enum {
    RECEIVE_BYTES = 32768,
    RECEIVE_BUFFER_BYTES = 1024 * 1024,
    RECEIVE_TRIES_MAX = 1024,
    DETAIL_SIZE = 96,
};

struct rtnl_batch {
    struct mnl_socket *socket;
    uint32_t port;
    uint32_t sequence; /* of the first message of the batch, but for the bit: */
    uint32_t quiet;    /* RTNL_BATCH_QUIET or 0 */
    unsigned count;
    unsigned answered;
    uint64_t sends;
    char *end; /* of the last finished message */
    int results[RTNL_BATCH_MESSAGES];
    bool known[RTNL_BATCH_MESSAGES];
    char details[RTNL_BATCH_MESSAGES][DETAIL_SIZE];
    unsigned result_count;
    _Alignas(8) char octets[RTNL_BATCH_MESSAGES * RTNL_BATCH_MESSAGE_BYTES];
    _Alignas(8) char answer[RECEIVE_BYTES];
};

static void set_socket_options(const struct rtnl_batch *batch)
{
    const struct timeval limit = {.tv_sec = 1};
    int fd = mnl_socket_get_fd(batch->socket);
    int bytes = RECEIVE_BUFFER_BYTES;
    int one = 1;

    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)) < 0)
        (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
    /* Acknowledgements without a copy of what they acknowledge, but with the reason. */
    (void)mnl_socket_setsockopt(batch->socket, NETLINK_EXT_ACK, &one, sizeof(one));
    (void)mnl_socket_setsockopt(batch->socket, NETLINK_CAP_ACK, &one, sizeof(one));
}

int rtnl_batch_open(struct rtnl_batch **out)
{
    struct rtnl_batch *batch = calloc(1, sizeof(*batch));

    *out = NULL;
    if (batch == NULL)
        return -ENOMEM;
    batch->socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
    if (batch->socket == NULL || mnl_socket_bind(batch->socket, 0, MNL_SOCKET_AUTOPID) < 0) {
        int error = errno;
        rtnl_batch_close(batch);
        return -error;
    }
    batch->port = mnl_socket_get_portid(batch->socket);
    batch->sequence = 1;
    batch->end = batch->octets;
    set_socket_options(batch);
    *out = batch;
    return 0;
}

void rtnl_batch_close(struct rtnl_batch *batch)
{
    if (batch == NULL)
        return;
    if (batch->socket != NULL)
        mnl_socket_close(batch->socket);
    free(batch);
}

void rtnl_batch_set_quiet(struct rtnl_batch *batch, bool quiet)
{
    batch->quiet = quiet ? RTNL_BATCH_QUIET : 0;
}

unsigned rtnl_batch_count(const struct rtnl_batch *batch)
{
    return batch->count;
}

bool rtnl_batch_full(const struct rtnl_batch *batch)
{
    return batch->count == RTNL_BATCH_MESSAGES;
}

static struct nlmsghdr *last_of(const struct rtnl_batch *batch)
{
    return batch->count > 0 ? (struct nlmsghdr *)(void *)batch->end : NULL;
}

/* Where the message begun last ends, now that the caller has filled it in. */
static char *end_of_last(const struct rtnl_batch *batch)
{
    const struct nlmsghdr *last = last_of(batch);

    if (last == NULL)
        return batch->end;
    assert(last->nlmsg_len <= RTNL_BATCH_MESSAGE_BYTES);
    return batch->end + NLMSG_ALIGN(last->nlmsg_len);
}

struct nlmsghdr *rtnl_batch_begin(struct rtnl_batch *batch, uint16_t type, uint16_t flags)
{
    assert(!rtnl_batch_full(batch));
    /* What fails is told in any case; that the last one is done tells that all are: see settle().
     */
    if (batch->count > 0)
        last_of(batch)->nlmsg_flags &= (uint16_t)~NLM_F_ACK;
    batch->end = end_of_last(batch);
    struct nlmsghdr *header = mnl_nlmsg_put_header(batch->end);

    header->nlmsg_type = type;
    header->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | NLM_F_ACK | flags);
    header->nlmsg_seq = (batch->sequence + batch->count) | batch->quiet;
    batch->count++;
    return header;
}

static int copy_detail(const struct nlattr *attribute, void *userdata)
{
    if (mnl_attr_get_type(attribute) == NLMSGERR_ATTR_MSG &&
        mnl_attr_validate(attribute, MNL_TYPE_NUL_STRING) >= 0)
        snprintf(userdata, DETAIL_SIZE, "%s", mnl_attr_get_str(attribute));
    return MNL_CB_OK;
}

/* The reason follows the error, and the request where the kernel returns that. */
static void note_detail(const struct nlmsghdr *header, char *detail)
{
    const struct nlmsgerr *answer = mnl_nlmsg_get_payload(header);
    size_t skip = sizeof(*answer);

    if ((header->nlmsg_flags & NLM_F_ACK_TLVS) == 0)
        return;
    if ((header->nlmsg_flags & NLM_F_CAPPED) == 0 && answer->msg.nlmsg_len > NLMSG_HDRLEN)
        skip += NLMSG_ALIGN(answer->msg.nlmsg_len) - NLMSG_HDRLEN;
    if (skip < mnl_nlmsg_get_payload_len(header))
        (void)mnl_attr_parse(header, (unsigned)skip, copy_detail, detail);
}

static void settle(struct rtnl_batch *batch, uint32_t i, int result)
{
    if (batch->known[i])
        return;
    batch->known[i] = true;
    batch->results[i] = result;
    batch->answered++;
}

/* complete: no answer was lost. */
static void note_answer(struct rtnl_batch *batch, const struct nlmsghdr *header, bool complete)
{
    const struct nlmsgerr *answer = mnl_nlmsg_get_payload(header);
    uint32_t i = (header->nlmsg_seq & ~RTNL_BATCH_QUIET) - batch->sequence;

    if (header->nlmsg_type != NLMSG_ERROR || i >= batch->count || batch->known[i] ||
        mnl_nlmsg_get_payload_len(header) < sizeof(*answer))
        return;
    settle(batch, i, answer->error);
    note_detail(header, batch->details[i]);
    /* In order: nothing was said of those before it, so they did not fail. */
    for (uint32_t before = 0; complete && i == batch->count - 1 && before < i; before++)
        settle(batch, before, 0);
}

static int read_answers(struct rtnl_batch *batch)
{
    int lost = 0;

    for (int tries = 0; batch->answered < batch->count && tries < RECEIVE_TRIES_MAX; tries++) {
        ssize_t n = recv(mnl_socket_get_fd(batch->socket), batch->answer, sizeof(batch->answer),
                         lost < 0 ? MSG_DONTWAIT : 0);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && lost == 0 && errno == ENOBUFS) {
            /* Answers from before the loss still wait, the others never come. */
            lost = -ENOBUFS;
            continue;
        }
        if (n < 0 && lost == 0)
            lost = errno == EAGAIN ? -ETIMEDOUT : -errno;
        if (n < 0)
            break;
        int left = (int)n;
        const struct nlmsghdr *header = (const struct nlmsghdr *)(const void *)batch->answer;
        for (; mnl_nlmsg_ok(header, left); header = mnl_nlmsg_next(header, &left))
            note_answer(batch, header, lost == 0);
    }
    return lost < 0 || batch->answered == batch->count ? lost : -ETIMEDOUT;
}

static int first_failure(struct rtnl_batch *batch, int unanswered)
{
    int first = 0;

    for (unsigned i = 0; i < batch->count; i++) {
        if (!batch->known[i])
            batch->results[i] = unanswered;
        if (first == 0)
            first = batch->results[i];
    }
    return first;
}

int rtnl_batch_send(struct rtnl_batch *batch)
{
    int r = 0;

    batch->result_count = batch->count;
    if (batch->count == 0)
        return 0;
    for (unsigned i = 0; i < batch->count; i++) {
        batch->known[i] = false;
        batch->details[i][0] = '\0';
    }
    batch->answered = 0;
    batch->sends++;
    size_t size = (size_t)(end_of_last(batch) - batch->octets);
    if (mnl_socket_sendto(batch->socket, batch->octets, size) < 0)
        r = -errno;
    else
        r = read_answers(batch);
    r = first_failure(batch, r);
    batch->sequence += batch->count;
    if (batch->sequence >= RTNL_BATCH_QUIET - RTNL_BATCH_MESSAGES)
        batch->sequence = 1;
    batch->count = 0;
    batch->end = batch->octets;
    return r;
}

int rtnl_batch_result(const struct rtnl_batch *batch, unsigned i)
{
    assert(i < batch->result_count);
    return batch->results[i];
}

const char *rtnl_batch_detail(const struct rtnl_batch *batch, unsigned i)
{
    assert(i < batch->result_count);
    return batch->details[i];
}

uint32_t rtnl_batch_port(const struct rtnl_batch *batch)
{
    return batch->port;
}

uint32_t rtnl_batch_sequence(const struct rtnl_batch *batch)
{
    assert(batch->count == 0);
    return batch->sequence;
}

uint64_t rtnl_batch_sends(const struct rtnl_batch *batch)
{
    return batch->sends;
}
