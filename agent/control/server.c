/*
 * The control socket: the listening side and the list of clients. Owns the socket file and every
 * client; what a client says is control_client's.
 */
#include "agent/control/server.h"

#include "agent/base/log.h"
#include "agent/base/source.h"
#include "agent/control/budget.h"
#include "agent/control/client.h"
#include "agent/control/reserve.h"

#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum {
    BACKLOG = 2 * CONTROL_CLIENTS_MAX,
    SOCKET_MODE = 0666, /* reading is open to everybody */
    GROUPS_MAX = 256,
    /* Newcomers before a turn of those who are being answered; else a flood of them would be all
     * that is served. */
    ACCEPTS_MAX = 16,
    GROUP_BUFFER_SIZE = 16 * 1024,
};

static const char GROUP_NAME[] = "vipd";

/* Of the one thread there is: enough for a person and for monitoring, nothing to other programs. A
 * status of 1,000 instances costs 0.1 s of it, and more on a busy machine: it comes in one burst.
 */
static const struct budget_rule people = {
    .burst_ns = 300 * NS_PER_MS, .percent = 5, .stretch_ns = 10 * NS_PER_MS};

struct control_server {
    struct budget *budget;
    struct press *press;
    struct control_client_owner owner;
    struct control_handlers handlers;
    struct sockaddr_un address;
    dev_t device; /* of the socket file, to know it again */
    ino_t inode;
    int fd;
    bool bound;
    bool accept_failing; /* and it was said */
    unsigned accepts;    /* since a client's turn */
    bool has_group;
    gid_t group;
    sd_event_source *accept;
    struct control_client *clients[CONTROL_CLIENTS_MAX]; /* oldest first */
    size_t client_count;
    struct control_reserve reserve;
    sd_event_source *clock; /* never due: the loop has the descriptor that clients' timers need */
};

/* Creates the last directory of the path if it is missing. */
static int make_parent(const char *path)
{
    char parent[sizeof(((struct sockaddr_un *)NULL)->sun_path)];
    const char *slash = strrchr(path, '/');

    if (slash == NULL || slash == path)
        return 0;
    snprintf(parent, sizeof(parent), "%.*s", (int)(slash - path), path);
    if (mkdir(parent, 0755) < 0 && errno != EEXIST)
        return -errno;
    return 0;
}

/* 0: nothing is at the path, or a socket where nobody listens any more. */
static int check_path_free(const struct sockaddr_un *address)
{
    struct stat st;
    int rc = 0;

    if (lstat(address->sun_path, &st) < 0)
        return errno == ENOENT ? 0 : -errno;
    if (!S_ISSOCK(st.st_mode))
        return -EEXIST;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -errno;
    if (connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0 || errno == EAGAIN)
        rc = -EADDRINUSE;
    else if (errno != ECONNREFUSED && errno != ENOENT)
        rc = -errno;
    close(fd);
    return rc;
}

/* Listens under a temporary name first and moves it into place: whoever finds the socket can
 * connect to it, and a stale one is replaced in one step. */
static int bind_and_listen(struct control_server *server)
{
    struct sockaddr_un temporary = {.sun_family = AF_UNIX};
    struct stat st;
    int length = snprintf(temporary.sun_path, sizeof(temporary.sun_path), "%s.new",
                          server->address.sun_path);
    int rc = 0;

    if (length < 0 || (size_t)length >= sizeof(temporary.sun_path))
        return -ENAMETOOLONG;
    if (unlink(temporary.sun_path) < 0 && errno != ENOENT)
        return -errno;
    if (bind(server->fd, (const struct sockaddr *)&temporary, sizeof(temporary)) < 0)
        return -errno;
    if (chmod(temporary.sun_path, SOCKET_MODE) < 0 || listen(server->fd, BACKLOG) < 0 ||
        lstat(temporary.sun_path, &st) < 0 ||
        rename(temporary.sun_path, server->address.sun_path) < 0) {
        rc = -errno;
        unlink(temporary.sun_path);
        return rc;
    }
    server->device = st.st_dev;
    server->inode = st.st_ino;
    server->bound = true;
    return 0;
}

/* The group is looked up once: name services may block. */
static void find_group(struct control_server *server)
{
    char buffer[GROUP_BUFFER_SIZE];
    struct group group;
    struct group *found = NULL;

    if (getgrnam_r(GROUP_NAME, &group, buffer, sizeof(buffer), &found) == 0 && found != NULL) {
        server->has_group = true;
        server->group = group.gr_gid;
    }
}

static bool in_group(const struct control_server *server, int fd, gid_t gid)
{
    gid_t groups[GROUPS_MAX];
    socklen_t size = sizeof(groups);

    if (!server->has_group)
        return false;
    if (gid == server->group)
        return true;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &size) < 0)
        return false;
    for (size_t i = 0; i < size / sizeof(groups[0]); i++)
        if (groups[i] == server->group)
            return true;
    return false;
}

static void drop_client(void *userdata, struct control_client *client)
{
    struct control_server *server = userdata;
    size_t kept = 0;

    for (size_t i = 0; i < server->client_count; i++)
        if (server->clients[i] != client)
            server->clients[kept++] = server->clients[i];
    server->client_count = kept;
    control_client_free(client);
    control_reserve_fill(&server->reserve);
}

static size_t clients_of(const struct control_server *server, uid_t uid)
{
    size_t count = 0;

    for (size_t i = 0; i < server->client_count; i++)
        if (control_client_uid(server->clients[i]) == uid)
            count++;
    return count;
}

/* Of the user with the most clients: the oldest idle one, else the oldest. */
static struct control_client *client_to_drop(const struct control_server *server)
{
    struct control_client *victim = NULL;
    size_t most = 0;

    for (size_t i = 0; i < server->client_count; i++) {
        struct control_client *client = server->clients[i];
        size_t count = clients_of(server, control_client_uid(client));
        bool better = control_client_idle(client) && victim != NULL && !control_client_idle(victim);

        if (count > most || (count == most && better)) {
            victim = client;
            most = count;
        }
    }
    return victim;
}

/* Said once, not in every turn; without descriptors left a client makes room. */
static void accept_failed(struct control_server *server, int error)
{
    if (error == EAGAIN || error == ECONNABORTED || error == EINTR)
        return;
    if (!server->accept_failing)
        log_msg(LOG_WARNING, "%s: cannot accept a client: %s", server->address.sun_path,
                strerror(error));
    server->accept_failing = true;
    if (server->client_count > 0)
        drop_client(server, client_to_drop(server));
}

/* A descriptor or -1, with errno. */
static int accept_one(struct control_server *server, int listener)
{
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

    if (fd < 0 && errno == EMFILE && control_reserve_spend(&server->reserve))
        fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    return fd;
}

/* Newcomers go first, but not all of them. */
static void note_accept(struct control_server *server)
{
    if (++server->accepts == ACCEPTS_MAX)
        (void)sd_event_source_set_priority(server->accept, SD_EVENT_PRIORITY_NORMAL);
}

static void on_worked(void *userdata)
{
    struct control_server *server = userdata;

    if (server->accepts >= ACCEPTS_MAX)
        (void)sd_event_source_set_priority(server->accept, SD_EVENT_PRIORITY_IMPORTANT);
    server->accepts = 0;
}

static int on_accept(sd_event_source *source, int listener, uint32_t revents, void *userdata)
{
    struct control_server *server = userdata;
    struct ucred peer;
    socklen_t size = sizeof(peer);
    struct control_client *client;
    int fd = accept_one(server, listener);

    (void)source;
    (void)revents;
    note_accept(server);
    if (fd < 0) {
        accept_failed(server, errno);
        return 0;
    }
    server->accept_failing = false;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0) {
        log_msg(LOG_WARNING, "%s: cannot tell who a client is: %m", server->address.sun_path);
        close(fd);
        return 0;
    }
    if (server->client_count == CONTROL_CLIENTS_MAX)
        drop_client(server, client_to_drop(server));
    bool permitted = peer.uid == 0 || peer.uid == geteuid() || in_group(server, fd, peer.gid);
    int rc = control_client_new(&server->owner, fd, peer.uid, permitted, &client);
    if (rc < 0)
        log_msg(LOG_WARNING, "%s: cannot serve a client: %s", server->address.sun_path,
                strerror(-rc));
    if (rc < 0)
        return 0;
    server->clients[server->client_count++] = client;
    control_client_begin(client);
    return 0;
}

static int on_clock(sd_event_source *source, uint64_t usec, void *userdata)
{
    (void)source;
    (void)usec;
    (void)userdata;
    return 0;
}

static int server_start(struct control_server *server, const char *path)
{
    if (strlen(path) >= sizeof(server->address.sun_path))
        return -ENAMETOOLONG;
    server->address.sun_family = AF_UNIX;
    memcpy(server->address.sun_path, path, strlen(path) + 1);
    int rc = make_parent(path);
    if (rc == 0)
        rc = check_path_free(&server->address);
    if (rc < 0)
        return rc;
    server->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (server->fd < 0)
        return -errno;
    rc = bind_and_listen(server);
    if (rc < 0)
        return rc;
    find_group(server);
    control_reserve_fill(&server->reserve);
    rc = sd_event_add_io(server->owner.event, &server->accept, server->fd, EPOLLIN, on_accept,
                         server);
    if (rc >= 0)
        rc = sd_event_source_set_priority(server->accept, SD_EVENT_PRIORITY_IMPORTANT);
    if (rc >= 0)
        rc = source_add_time(server->owner.event, &server->clock, CLOCK_MONOTONIC, UINT64_MAX, 1,
                             on_clock, NULL);
    budget_wake(server->budget);
    return rc < 0 ? rc : 0;
}

static void on_wake(void *userdata)
{
    const struct control_server *server = userdata;

    budget_wake(server->budget);
}

static int open_press(struct control_server *server, sd_event *event, int64_t priority)
{
    const struct press_options options = {
        .outer = event,
        .priority = priority,
        .inner = budget_event(server->budget),
        .handlers = &server->handlers,
        .worked = on_worked,
        .wake = on_wake,
        .userdata = server,
    };

    return press_open(&options, &server->press);
}

int control_server_open(sd_event *event, int64_t priority, const char *path,
                        const struct control_handlers *handlers, struct control_server **out)
{
    struct control_server *server = calloc(1, sizeof(*server));

    if (server == NULL)
        return -ENOMEM;
    server->fd = -1;
    server->handlers = *handlers;
    int rc = budget_open(event, priority, &people, &server->budget);
    if (rc >= 0)
        rc = open_press(server, event, priority);
    if (rc >= 0) {
        server->owner = (struct control_client_owner){
            .event = budget_event(server->budget),
            .handlers = &server->handlers,
            .press = server->press,
            .worked = on_worked,
            .drop = drop_client,
            .userdata = server,
        };
        rc = server_start(server, path);
    }
    if (rc < 0) {
        log_msg(LOG_ERR, "%s: cannot listen for vipctl: %s", path,
                rc == -EADDRINUSE ? "another vipd answers there" : strerror(-rc));
        control_server_close(server);
        return rc;
    }
    *out = server;
    return 0;
}

static void unlink_if_ours(const struct control_server *server)
{
    const char *path = server->address.sun_path;
    struct stat st;

    if (!server->bound || lstat(path, &st) < 0 || st.st_dev != server->device ||
        st.st_ino != server->inode)
        return;
    if (unlink(path) < 0)
        log_msg(LOG_WARNING, "%s: cannot remove the socket: %m", path);
}

void control_server_close(struct control_server *server)
{
    if (server == NULL)
        return;
    while (server->client_count > 0)
        drop_client(server, server->clients[0]);
    sd_event_source_disable_unref(server->accept);
    sd_event_source_disable_unref(server->clock);
    unlink_if_ours(server);
    if (server->fd >= 0)
        close(server->fd);
    control_reserve_free(&server->reserve);
    press_close(server->press);
    budget_close(server->budget);
    free(server);
}

void control_server_publish_history(struct control_server *server)
{
    for (size_t i = 0; i < server->client_count; i++)
        control_client_wake(server->clients[i]);
    budget_wake(server->budget);
}

size_t control_server_clients(const struct control_server *server)
{
    return server->client_count;
}

bool control_server_pauses(const struct control_server *server)
{
    return budget_spent(server->budget) || press_busy(server->press);
}
