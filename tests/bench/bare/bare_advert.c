/*
 * The least that an advert can cost: `bare_advert send INTERFACE INTERVAL_MS` sends one whenever a
 * timer says so, `bare_advert hear INTERFACE` takes in what comes. Three system calls and two, and
 * nothing else: no check, no state, no deadline of a BACKUP.
 */
#include <arpa/inet.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

enum { VRRP = 112, ADVERT = 12, OCTETS = 512, MS_NS = 1000000, S_MS = 1000 };

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

static int vrrp_socket(struct ip_mreqn group)
{
    int fd = socket(AF_INET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, VRRP);
    if (fd < 0 || setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &group, sizeof(group)) != 0)
        fail("socket");
    return fd;
}

static int poll_for(int fd, uint32_t events)
{
    int poll = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = {.events = events};
    if (poll < 0 || epoll_ctl(poll, EPOLL_CTL_ADD, fd, &event) != 0)
        fail("epoll");
    return poll;
}

static void set(int timer, long interval_ms)
{
    struct itimerspec timed = {
        .it_value = {interval_ms / S_MS, interval_ms % S_MS * MS_NS},
    };
    if (timerfd_settime(timer, 0, &timed, NULL) != 0)
        fail("timerfd_settime");
}

static _Noreturn void send_adverts(struct ip_mreqn group, long interval_ms)
{
    int fd = vrrp_socket(group);
    int timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    if (timer < 0)
        fail("timerfd_create");
    int poll = poll_for(timer, EPOLLIN | EPOLLET);
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr = group.imr_multiaddr};
    char advert[ADVERT] = {0x31, 1};
    for (;;) {
        struct epoll_event event;
        set(timer, interval_ms);
        if (epoll_wait(poll, &event, 1, -1) == 1 &&
            sendto(fd, advert, sizeof(advert), 0, (struct sockaddr *)&to, sizeof(to)) < 0)
            fail("sendto");
    }
}

static _Noreturn void hear_adverts(struct ip_mreqn group)
{
    int fd = vrrp_socket(group);
    if (setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &group, sizeof(group)) != 0)
        fail("IP_ADD_MEMBERSHIP");
    int poll = poll_for(fd, EPOLLIN);
    for (;;) {
        struct epoll_event event;
        char octets[OCTETS];
        if (epoll_wait(poll, &event, 1, -1) == 1 && recv(fd, octets, sizeof(octets), 0) < 0)
            fail("recv");
    }
}

int main(int count, char **words)
{
    struct ip_mreqn group = {.imr_ifindex = count > 2 ? (int)if_nametoindex(words[2]) : 0};
    if (group.imr_ifindex == 0 || inet_pton(AF_INET, "224.0.0.18", &group.imr_multiaddr) != 1) {
        fprintf(stderr, "usage: bare_advert send|hear INTERFACE [INTERVAL_MS]\n");
        return 2;
    }
    if (mlockall(MCL_CURRENT | MCL_FUTURE) != 0)
        fail("mlockall");
    if (strcmp(words[1], "send") == 0 && count > 3)
        send_adverts(group, strtol(words[3], NULL, 10));
    hear_adverts(group);
}
