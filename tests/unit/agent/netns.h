/*
 * A network namespace of its own for each test, and the event loop turned until something is so.
 * Only for tests. Everything ends with the process: the namespace has no name.
 */
#ifndef TESTS_NETNS_H
#define TESTS_NETNS_H

#include "lib/packet/claimed_address.h"

#include <stdbool.h>
#include <systemd/sd-event.h>

/* Call first in main(): ends the process with 77 (skipped) where namespaces are not permitted. */
void netns_need(void);

/* Enters a fresh namespace, empty but for lo, which is up. Fails the test when it cannot. */
void netns_enter(void);

/* Runs `ip` with these arguments; fails the test when `ip` fails. */
void netns_ip(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A pair of veth, both up and ready to send. */
void netns_veth(const char *a, const char *b);

/* Waits until a link whose other end has come up sends: it gets its queue from the kernel's work
 * queue, as soon as that runs. Until then all that is sent is lost, and reported as sent. */
void netns_await_link(const char *name);

/* Adds (or renews) an address with that IFA_PROTO and lifetime (UINT32_MAX: for ever), which `ip`
 * of Debian 12 cannot. */
void netns_address(const char *ifname, const char *prefix, uint8_t proto, uint32_t valid_s);

/* 0 when there is none of that name. */
int netns_ifindex(const char *name);

/* One digit of /proc/sys/net/ipv4/conf/IFNAME/KEY. */
int netns_setting(const char *ifname, const char *key);

/* Writes it, as an administrator would. */
void netns_set(const char *ifname, const char *key, const char *value);

/* This process's netlink socket (the newest), one that hears of changes or one that does not: found
 * by what it is, for the code under test has no need to show it. */
int netns_newest_netlink_socket(bool subscribed);

/* Turns the loop until done() (true) or the limit is over (false). */
bool netns_run_until(sd_event *event, bool (*done)(void *userdata), void *userdata,
                     unsigned limit_ms);

/* Turns the loop while anything is pending, then for that long at least. */
void netns_run_for(sd_event *event, unsigned ms);

/* A prefix from text that must be right. */
struct ip_prefix prefix_of(const char *text);

/* The same with nothing else said of it. */
struct claimed_address claim_of(const char *text);

#endif
