/* Namespaces for tests; see netns.h. */
#include "tests/unit/agent/netns.h"

#include "agent/base/turns.h"
#include "agent/kernel/mark.h"
#include "agent/kernel/rtnl_batch.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>
#include <linux/if_addr.h>
#include <linux/ipv6_route.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

enum {
    EXIT_SKIPPED = 77,
    WORDS_MAX = 32,
    QUEUE_WAIT_MS = 20 * 1000,
    TURN_MS_MAX = 100, /* what the kernel does wakes nobody */
};

static bool write_file(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    bool good = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

    if (fd >= 0)
        close(fd);
    return good;
}

/* Without privileges: root of a user namespace may have network namespaces too. */
static bool become_root_of_user_namespace(void)
{
    unsigned uid = (unsigned)geteuid();
    unsigned gid = (unsigned)getegid();
    char text[64];

    if (unshare(CLONE_NEWUSER | CLONE_NEWNET) < 0)
        return false;
    (void)write_file("/proc/self/setgroups", "deny");
    snprintf(text, sizeof(text), "0 %u 1", uid);
    if (!write_file("/proc/self/uid_map", text))
        return false;
    snprintf(text, sizeof(text), "0 %u 1", gid);
    return write_file("/proc/self/gid_map", text);
}

void netns_need(void)
{
    if (unshare(CLONE_NEWNET) == 0 || become_root_of_user_namespace())
        return;
    fprintf(stderr, "skipped: no network namespace permitted here: %s\n", strerror(errno));
    exit(EXIT_SKIPPED);
}

void netns_enter(void)
{
    assert_int_equal(unshare(CLONE_NEWNET), 0);
    netns_ip("link set lo up");
}

void netns_ip(const char *format, ...)
{
    char line[512] = "ip ";
    char *words[WORDS_MAX + 1] = {0};
    char *rest = line;
    size_t count = 0;
    va_list arguments;
    int status = -1;

    va_start(arguments, format);
    vsnprintf(line + 3, sizeof(line) - 3, format, arguments);
    va_end(arguments);
    for (char *word; count < WORDS_MAX && (word = strsep(&rest, " ")) != NULL;)
        words[count++] = word;
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        execvp(words[0], words);
        _exit(127);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

/* A host's route of the type "local". */
static bool is_route_to(const char *line, const char *hex)
{
    unsigned length = 0;
    unsigned flags = 0;

    return strncmp(line, hex, strlen(hex)) == 0 &&
           sscanf(line, "%*s %x %*s %*s %*s %*s %*s %*s %x", &length, &flags) == 2 &&
           length == 128 && (flags & RTF_LOCAL) != 0; /* NOLINT(cert-err34-c) */
}

static bool is_answered_for(const struct ip_address *address)
{
    FILE *file = fopen("/proc/net/ipv6_route", "re");
    char hex[33] = "";
    char line[256];
    bool found = false;

    assert_non_null(file);
    for (size_t i = 0; i < 16; i++)
        snprintf(hex + 2 * i, 3, "%02x", address->octets[i]);
    while (!found && fgets(line, sizeof(line), file) != NULL)
        found = is_route_to(line, hex);
    fclose(file);
    return found;
}

void netns_ipv6(const char *prefix, const char *ifname)
{
    const struct timespec moment = {.tv_nsec = 1000000};
    const struct ip_prefix added = prefix_of(prefix);

    netns_ip("addr add %s dev %s nodad", prefix, ifname);
    for (int ms = 0; ms < QUEUE_WAIT_MS && !is_answered_for(&added.address); ms++)
        (void)nanosleep(&moment, NULL);
    assert_true(is_answered_for(&added.address));
}

void netns_await_link(const char *name)
{
    const struct timespec moment = {.tv_nsec = 1000000};
    struct ifreq request = {0};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    strncpy(request.ifr_name, name, sizeof(request.ifr_name) - 1);
    for (int i = 0; i < QUEUE_WAIT_MS; i++) {
        assert_int_equal(ioctl(fd, SIOCGIFFLAGS, &request), 0);
        if ((request.ifr_flags & IFF_RUNNING) != 0)
            break;
        (void)nanosleep(&moment, NULL);
    }
    /* It runs with the lock of all links, which this call gets when it is done. */
    assert_int_equal(ioctl(fd, SIOCSIFFLAGS, &request), 0);
    close(fd);
}

void netns_veth(const char *a, const char *b)
{
    netns_ip("link add %s type veth peer name %s", a, b);
    netns_ip("link set %s up", a);
    netns_ip("link set %s up", b);
    netns_await_link(a);
}

void netns_address(const char *ifname, const char *prefix, uint8_t proto, uint32_t valid_s)
{
    const struct ip_prefix p = prefix_of(prefix);
    const struct ifa_cacheinfo lifetime = {.ifa_valid = valid_s, .ifa_prefered = valid_s};
    size_t size = ip_family_size(p.address.family);
    struct rtnl_batch *batch;

    assert_int_equal(rtnl_batch_open(&batch), 0);
    struct nlmsghdr *message = rtnl_batch_begin(batch, RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE);
    struct ifaddrmsg *header = mnl_nlmsg_put_extra_header(message, sizeof(*header));
    header->ifa_family = p.address.family == IP_FAMILY_IPV4 ? AF_INET : AF_INET6;
    header->ifa_prefixlen = p.length;
    header->ifa_index = (unsigned)netns_ifindex(ifname);
    mnl_attr_put(message, IFA_LOCAL, size, p.address.octets);
    mnl_attr_put(message, IFA_ADDRESS, size, p.address.octets);
    mnl_attr_put_u32(message, IFA_FLAGS, IFA_F_NODAD);
    mnl_attr_put(message, IFA_CACHEINFO, sizeof(lifetime), &lifetime);
    mnl_attr_put_u8(message, ATTRIBUTE_IFA_PROTO, proto);
    assert_int_equal(rtnl_batch_send(batch), 0);
    rtnl_batch_close(batch);
}

int netns_ifindex(const char *name)
{
    return (int)if_nametoindex(name);
}

int netns_setting(const char *ifname, const char *key)
{
    char path[128];
    char digit = 0;

    snprintf(path, sizeof(path), "/proc/sys/net/ipv4/conf/%s/%s", ifname, key);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(read(fd, &digit, 1), 1);
    close(fd);
    return digit - '0';
}

void netns_set(const char *ifname, const char *key, const char *value)
{
    char path[128];

    snprintf(path, sizeof(path), "/proc/sys/net/ipv4/conf/%s/%s", ifname, key);
    assert_true(write_file(path, value));
}

int netns_newest_netlink_socket(bool subscribed)
{
    DIR *directory = opendir("/proc/self/fd");
    int found = -1;

    assert_non_null(directory);
    for (const struct dirent *e; (e = readdir(directory)) != NULL;) {
        struct sockaddr_nl name = {0};
        socklen_t size = sizeof(name);
        int fd = (int)strtol(e->d_name, NULL, 10);

        if (getsockname(fd, (struct sockaddr *)&name, &size) == 0 && name.nl_family == AF_NETLINK &&
            (name.nl_groups != 0) == subscribed && fd > found)
            found = fd;
    }
    closedir(directory);
    assert_true(found >= 0);
    return found;
}

static uint64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

bool netns_run_until(sd_event *event, bool (*done)(void *userdata), void *userdata,
                     unsigned limit_ms)
{
    uint64_t end = now_ms() + limit_ms;

    while (!done(userdata)) {
        uint64_t now = now_ms();

        if (now >= end)
            return false;
        uint64_t turn_ms = end - now < TURN_MS_MAX ? end - now : TURN_MS_MAX;
        assert_true(turns_run(event, turn_ms * 1000) >= 0);
    }
    return true;
}

static bool never(void *userdata)
{
    (void)userdata;
    return false;
}

void netns_run_for(sd_event *event, unsigned ms)
{
    while (turns_run(event, 0) > 0)
        ;
    (void)netns_run_until(event, never, NULL, ms);
}

struct ip_prefix prefix_of(const char *text)
{
    struct ip_prefix prefix = {0};

    assert_true(ip_prefix_parse(text, &prefix));
    return prefix;
}

struct claimed_address claim_of(const char *text)
{
    return (struct claimed_address){.prefix = prefix_of(text)};
}
