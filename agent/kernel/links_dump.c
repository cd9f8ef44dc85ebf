/* Messages kept from the thread for the loop; see links_dump.h. Owner: links. */
#include "agent/kernel/links_dump.h"

#include "agent/kernel/links_ask.h"

#include <errno.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>
#include <stdlib.h>
#include <string.h>

enum {
    MESSAGE_BUFFER_BYTES = 65536,
    ROOM_MIN = 65536,
};

/* What is not the task's is the loop's; the rest is the thread's while it is submitted. */
struct links_dump {
    struct worker_task task; /* first */
    struct nl_sock *requests;
    bool links_too;
    char *messages;
    size_t size;
    size_t room;
    bool no_memory;
    int result;
    void (*done)(void *userdata);
    void *userdata;
};

static bool make_room(struct links_dump *dump, size_t size)
{
    size_t room = dump->room > 0 ? dump->room : ROOM_MIN;

    while (room < dump->size + size)
        room *= 2;
    if (room == dump->room)
        return true;
    char *messages = realloc(dump->messages, room);
    if (messages == NULL)
        return false;
    dump->messages = messages;
    dump->room = room;
    return true;
}

static int keep(struct nl_msg *message, void *userdata)
{
    struct links_dump *dump = userdata;
    const struct nlmsghdr *header = nlmsg_hdr(message);
    size_t size = NLMSG_ALIGN(header->nlmsg_len);

    if (!make_room(dump, size)) {
        dump->no_memory = true;
        return NL_OK;
    }
    memset(dump->messages + dump->size, 0, size);
    memcpy(dump->messages + dump->size, header, header->nlmsg_len);
    dump->size += size;
    return NL_OK;
}

static void read_it(struct worker_task *task)
{
    struct links_dump *dump = (struct links_dump *)task;

    dump->result =
        dump->links_too ? links_ask_all(dump->requests) : links_ask_addresses(dump->requests);
    if (dump->result == 0 && dump->no_memory)
        dump->result = -ENOMEM;
}

static void was_read(struct worker_task *task)
{
    struct links_dump *dump = (struct links_dump *)task;

    dump->done(dump->userdata);
}

int links_dump_open(void (*done)(void *userdata), void *userdata, struct links_dump **out)
{
    struct links_dump *dump = calloc(1, sizeof(*dump));

    *out = NULL;
    if (dump == NULL)
        return -ENOMEM;
    *dump = (struct links_dump){
        .task = {.run = read_it, .done = was_read}, .done = done, .userdata = userdata};
    dump->requests = nl_socket_alloc();
    if (dump->requests == NULL) {
        free(dump);
        return -ENOMEM;
    }
    nl_socket_modify_cb(dump->requests, NL_CB_VALID, NL_CB_CUSTOM, keep, dump);
    (void)nl_socket_set_msg_buf_size(dump->requests, MESSAGE_BUFFER_BYTES);
    int r = nl_connect(dump->requests, NETLINK_ROUTE);
    if (r < 0) {
        links_dump_close(dump);
        return links_errno(r);
    }
    *out = dump;
    return 0;
}

void links_dump_close(struct links_dump *dump)
{
    /* A thread that hangs keeps what it hangs in. */
    if (dump == NULL || dump->task.submitted)
        return;
    nl_socket_free(dump->requests);
    free(dump->messages);
    free(dump);
}

bool links_dump_start(struct links_dump *dump, struct worker *worker, bool links_too)
{
    dump->links_too = links_too;
    dump->size = 0;
    dump->no_memory = false;
    return worker_submit(worker, &dump->task);
}

bool links_dump_busy(const struct links_dump *dump)
{
    return dump->task.submitted;
}

int links_dump_take(struct links_dump *dump, void (*fn)(void *userdata, struct nlmsghdr *message),
                    void *userdata)
{
    size_t at = 0;

    while (at < dump->size) {
        struct nlmsghdr *message = (struct nlmsghdr *)(void *)(dump->messages + at);

        at += NLMSG_ALIGN(message->nlmsg_len);
        fn(userdata, message);
    }
    free(dump->messages);
    dump->messages = NULL;
    dump->room = 0;
    dump->size = 0;
    return dump->result;
}
