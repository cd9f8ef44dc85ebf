/* The keys of [instance NAME]; see schema.h. Texts are for people and appear in the man
 * page. */
#include "lib/config/config.h"
#include "lib/config/schema_rows.h"

#define INSTANCE_FIELD(field)                                                                      \
    .offset = offsetof(struct config_instance, field),                                             \
    .size = sizeof(((struct config_instance *)NULL)->field)

static const struct config_choice versions[] = {{"2", VRRP_V2}, {"3", VRRP_V3}, {NULL, 0}};

static const struct config_choice mac_modes[] = {
    {"interface", MAC_INTERFACE}, {"virtual", MAC_VIRTUAL}, {NULL, 0}};

static const struct config_choice checksum_modes[] = {{"auto", CHECKSUM_MODE_AUTO},
                                                      {"rfc5798", CHECKSUM_MODE_RFC5798},
                                                      {"rfc9568", CHECKSUM_MODE_RFC9568},
                                                      {NULL, 0}};

static const struct config_choice auth_modes[] = {{"receive-only", AUTH_RECEIVE_ONLY},
                                                  {"permissive", AUTH_PERMISSIVE},
                                                  {"enforce", AUTH_ENFORCE},
                                                  {NULL, 0}};

static const struct config_choice auth_replays[] = {
    {"time", AUTH_REPLAY_TIME}, {"monotonic", AUTH_REPLAY_MONOTONIC}, {NULL, 0}};

static const struct config_choice announce_forms[] = {
    {"request", false}, {"both", true}, {NULL, 0}};

static const struct config_choice conflict_modes[] = {
    {"defend", CONFLICT_MODE_DEFEND}, {"release", CONFLICT_MODE_RELEASE}, {NULL, 0}};

static const struct config_choice failure_modes[] = {
    {"give-up", false}, {"claim", true}, {NULL, 0}};

#define ADDRESSES_EXPECTED "addresses like 192.0.2.10/24, 2001:db8::10/64 or 192.0.2.11/32 dev lo"

#define COMMAND_EXPECTED                                                                           \
    "a command line like /usr/local/bin/web-hook \"one argument\", or unit: and a name"

const struct config_key config_instance_keys[INSTANCE_KEYS] = {
    [INSTANCE_INTERFACE] = {.name = "interface",
                            .type = VALUE_INTERFACE,
                            INSTANCE_FIELD(interface),
                            .default_note = "required; with unicast-peers the one they are reached "
                                            "by",
                            .sample = "eth0",
                            .reload = RELOAD_RESTART,
                            .expected = "an interface name of 1 to 15 characters without '/', ':' "
                                        "or space",
                            .help = "The interface the addresses live on and advertisements go "
                                    "through. It need not exist yet. With unicast-peers it may be "
                                    "left out: it is then the one that the routes to them lead "
                                    "to, by the first of them that has one, and when the routes "
                                    "change the instance moves along, by way of INIT. All peers "
                                    "have to be reached by the same interface. Rules by source "
                                    "address are followed where source is set; routes of a VRF are "
                                    "not: name the interface there."},
    [INSTANCE_VRID] = {.name = "vrid",
                       .type = VALUE_NUMBER,
                       INSTANCE_FIELD(vrid),
                       .min = 1,
                       .max = 255,
                       .required = true,
                       .sample = "51",
                       .reload = RELOAD_RESTART,
                       .expected = "a number from 1 to 255",
                       .help = "The virtual router's number: the same on all its nodes, and used "
                               "by no other virtual router on the link. Where adverts tell whose "
                               "they are, a node can have it several times on one interface: with "
                               "unicast-peers of which none is in two lists, and once without."},
    [INSTANCE_PRIORITY] = {.name = "priority",
                           .type = VALUE_NUMBER,
                           INSTANCE_FIELD(priority),
                           .min = 1,
                           .max = PRIORITY_OWNER,
                           .default_text = "100",
                           .reload = RELOAD_IN_PLACE,
                           .expected = "a number from 1 to 254, or 255 on the owner of the "
                                       "addresses",
                           .help = "The highest becomes master. 255 is for the node whose own "
                                   "addresses these are: it keeps them when vipd ends, so a node "
                                   "that is up without vipd shares them with the one that took "
                                   "over. Where that can happen, use other addresses and 254."},
    [INSTANCE_ADDRESSES] = {.name = "addresses",
                            .type = VALUE_LISTED,
                            .default_note = "none",
                            .sample = "192.0.2.10/24, 2001:db8::10/64",
                            .reload = RELOAD_IN_PLACE,
                            .expected = ADDRESSES_EXPECTED,
                            .help = "The virtual addresses, of either family or both, separated by "
                                    "commas or spaces. Without a prefix length /32 or /128 is "
                                    "taken. May be repeated, and continued over indented lines. "
                                    "Words of ip-address(8) may stand behind each: dev, label, "
                                    "scope, brd and noprefixroute; see the section on addresses. "
                                    "Without any address the instance advertises alone (over "
                                    "IPv4, or IPv6 where its peers or its source are that), and "
                                    "its hooks move what there is to move. "
                                    "When a reload adds the first or removes the last address of "
                                    "a family, the instance is restarted. Advertisements with "
                                    "this VRID that list none of these addresses are another "
                                    "cluster's: ignored, counted and warned of. To replace all "
                                    "addresses of a running cluster, list old and new ones for "
                                    "a while."},
    [INSTANCE_EXTRA_ADDRESSES] =
        {.name = "extra-addresses",
         .type = VALUE_EXTRA,
         .default_note = "none",
         .sample = "198.51.100.1/32 dev lo",
         .reload = RELOAD_IN_PLACE,
         .expected = ADDRESSES_EXPECTED,
         .help = "Addresses of either family that are claimed, announced and given up with the "
                 "others, but listed in no advertisement: written as those of addresses. Where a "
                 "family has addresses in advertisements, the extra ones of that family go with "
                 "it, otherwise with the other family; so IPv6 addresses of a version 2 instance "
                 "belong here."},
    [INSTANCE_VERSION] = {.name = "version",
                          .type = VALUE_CHOICE,
                          INSTANCE_FIELD(version),
                          .choices = versions,
                          .default_text = "3",
                          .reload = RELOAD_IN_PLACE,
                          .expected = "3 or 2",
                          .help = "The VRRP version: 3 (RFC 9568), or 2 (RFC 3768, IPv4 only) for "
                                  "old peers. IPv6 addresses can go with version 2 as "
                                  "extra-addresses. When it is changed, reload the master "
                                  "last, as for password."},
    [INSTANCE_PASSWORD] = {.name = "password",
                           .type = VALUE_PASSWORD,
                           .default_note = "none",
                           .sample = "s3cret",
                           .reload = RELOAD_IN_PLACE,
                           .expected = "a text of 1 to 8 characters",
                           .help = "The password of version 2 (keepalived's auth_type PASS with "
                                   "this auth_pass): sent, and demanded of the other nodes. 8 "
                                   "octets of it are used. It crosses the network in clear, so it "
                                   "keeps out mistakes, not people; version 3 has none. When it "
                                   "is changed, reload the node that is master last: until the "
                                   "first advertisement with the new one, a node goes on taking "
                                   "those from before its reload."},
    [INSTANCE_PASSWORD_FILE] = {.name = "password-file",
                                .type = VALUE_KEPT_PATH,
                                INSTANCE_FIELD(password_file),
                                .default_note = "none",
                                .sample = "/etc/vipd/web.password",
                                .reload = RELOAD_IN_PLACE,
                                .expected = "an absolute path of up to 127 characters",
                                .help = "The password is the first line of that file, which the "
                                        "user vipd must be able to read. It is read at start and "
                                        "at each reload; one that others can read is warned of."},
#include "lib/config/schema_instance_auth.inc"
    [INSTANCE_ADVERT_INTERVAL] = {.name = "advert-interval",
                                  .type = VALUE_DURATION,
                                  INSTANCE_FIELD(advert_interval_ns),
                                  .min = 10 * NS_PER_MS,
                                  .max = 255 * NS_PER_SEC,
                                  .step = 10 * NS_PER_MS,
                                  .default_text = "1s",
                                  .reload = RELOAD_IN_PLACE,
                                  .expected = "multiples of 10ms from 10ms to 40.95s (version 2: "
                                              "whole seconds from 1s to 255s)",
                                  .help = "Time between advertisements. A dead master is noticed "
                                          "after a little more than three of them "
                                          "(dead-factor). The first eight of a new master come up "
                                          "to an eighth earlier, never later, so that what many "
                                          "instances send leaves together."},
    [INSTANCE_DEAD_FACTOR] = {.name = "dead-factor",
                              .type = VALUE_NUMBER,
                              INSTANCE_FIELD(dead_factor),
                              .min = 2,
                              .max = 100,
                              .default_text = "3",
                              .reload = RELOAD_IN_PLACE,
                              .expected = "a number from 2 to 100",
                              .help = "So many advert-intervals without an advertisement, and a "
                                      "master counts as dead (keepalived's down_timer_adverts). "
                                      "It must be the same on all nodes, and nothing warns when "
                                      "it is not: advertisements do not carry it. More than 3 is "
                                      "for networks that lose several in a row."},
    [INSTANCE_PREEMPT] = {.name = "preempt",
                          .type = VALUE_PREEMPT,
                          .min = NS_PER_MS,
                          .max = 86400 * NS_PER_SEC,
                          .default_text = "yes",
                          .reload = RELOAD_IN_PLACE,
                          .expected = "yes, no, or after DURATION (1ms to 1d), or "
                                      "when-healthy-for DURATION",
                          .help = "Whether this node takes over from a living master of lower "
                                  "priority: at once, never, after hearing it for that time, or "
                                  "when this node was healthy (started, link up, checks passing) "
                                  "for that time."},
    [INSTANCE_UNICAST_PEERS] = {.name = "unicast-peers",
                                .type = VALUE_PEERS,
                                .default_note = "none: multicast",
                                .sample = "192.0.2.2, 2001:db8::2",
                                .reload = RELOAD_IN_PLACE,
                                .expected = "addresses like 192.0.2.2 or 2001:db8::2",
                                .help = "Send advertisements to these nodes and accept them from "
                                        "these alone, where multicast is not available. At least "
                                        "one of each family that has virtual addresses. May be "
                                        "repeated, and continued over indented lines. When a "
                                        "reload changes between multicast and unicast, the "
                                        "instance is restarted."},
    [INSTANCE_UNICAST_TTL] = {.name = "unicast-ttl",
                              .type = VALUE_NUMBER,
                              INSTANCE_FIELD(unicast_ttl),
                              .min = 1,
                              .max = VRRP_TTL,
                              .default_text = "255",
                              .reload = RELOAD_IN_PLACE,
                              .expected = "a number from 1 to 255",
                              .help = "The TTL or hop limit of advertisements to unicast-peers. "
                                      "A small one keeps them from going far astray; but peers "
                                      "can tell how far a packet came only from 255."},
    [INSTANCE_UNICAST_MIN_TTL] = {.name = "unicast-min-ttl",
                                  .type = VALUE_NUMBER,
                                  INSTANCE_FIELD(unicast_min_ttl),
                                  .max = 255,
                                  .default_text = "0",
                                  .reload = RELOAD_IN_PLACE,
                                  .expected = "a number from 0 to 255",
                                  .help = "Refuse advertisements of unicast-peers with a smaller "
                                          "TTL or hop limit. Senders begin with 255 and each "
                                          "router on the way takes one off, so 255 lets in only "
                                          "what comes from the same link, 254 what passed one "
                                          "router; nobody farther away can pretend to be a peer. "
                                          "0 takes any. Where peers send another unicast-ttl, "
                                          "less by as much."},
    [INSTANCE_UNICAST_MAX_TTL] = {.name = "unicast-max-ttl",
                                  .type = VALUE_NUMBER,
                                  INSTANCE_FIELD(unicast_max_ttl),
                                  .max = 255,
                                  .default_text = "255",
                                  .reload = RELOAD_IN_PLACE,
                                  .expected = "a number from 0 to 255",
                                  .help = "Refuse advertisements of unicast-peers with a greater "
                                          "TTL or hop limit, as max_ttl of keepalived. It keeps "
                                          "nobody out who chooses the TTL to send with."},
    [INSTANCE_MULTICAST_GROUP] = {.name = "multicast-group",
                                  .type = VALUE_GROUPS,
                                  .default_note = "224.0.0.18 and ff02::12",
                                  .sample = "224.0.0.77, ff02::77",
                                  .reload = RELOAD_RESTART,
                                  .expected = "one multicast address of each family at most, like "
                                              "224.0.0.77",
                                  .help = "Where advertisements are sent and heard (keepalived's "
                                          "vrrp_mcast_group4 and vrrp_mcast_group6), the same on "
                                          "all nodes. A change is one of all nodes at a time: "
                                          "until then each hears nobody."},
    [INSTANCE_SOURCE] = {.name = "source",
                         .type = VALUE_SOURCES,
                         .default_note = "the interface's primary IPv4 and link-local IPv6 address",
                         .sample = "192.0.2.1, 2001:db8::1",
                         .reload = RELOAD_IN_PLACE,
                         .expected = "one address of each family at most, like 192.0.2.1",
                         .help = "The source address of advertisements. Of equal priorities the "
                                 "greater source wins. Unicast to IPv6 peers beyond the link is "
                                 "sent from a global address: a permanent one rather than one "
                                 "that goes, and the oldest of those. Peers drop what comes from "
                                 "an address that they do not list, so set it where there are "
                                 "several."},
    [INSTANCE_MAC] = {.name = "mac",
                      .type = VALUE_CHOICE,
                      INSTANCE_FIELD(mac),
                      .choices = mac_modes,
                      .default_text = "interface",
                      .reload = RELOAD_RESTART,
                      .expected = "interface or virtual",
                      .help = "The MAC address behind the virtual addresses: the interface's own, "
                              "or the virtual router's (RFC 9568 7.3). With unicast-peers the "
                              "advertisements still come from the interface's own, so that peers "
                              "beyond a router can answer; announcements alone tell switches "
                              "where the virtual MAC is."},
    [INSTANCE_CHECKSUM] = {.name = "checksum",
                           .type = VALUE_CHOICE,
                           INSTANCE_FIELD(checksum),
                           .choices = checksum_modes,
                           .default_text = "auto",
                           .reload = RELOAD_IN_PLACE,
                           .expected = "auto, rfc5798 or rfc9568",
                           .help = "Form of the version 3 checksum over IPv4: with pseudo-header "
                                   "(rfc5798) or without (rfc9568). auto begins with the first "
                                   "and follows the master that this node obeys."},
    [INSTANCE_STRICT] = {.name = "strict",
                         .type = VALUE_BOOL,
                         INSTANCE_FIELD(strict),
                         .default_text = "no",
                         .reload = RELOAD_IN_PLACE,
                         .expected = "yes or no",
                         .help = "Check received advertisements to the letter of RFC 9568 where "
                                 "the default is lenient towards common peers."},
    [INSTANCE_ACCEPT] = {.name = "accept",
                         .type = VALUE_BOOL,
                         INSTANCE_FIELD(accept),
                         .default_text = "yes",
                         .reload = RELOAD_IN_PLACE,
                         .expected = "yes or no",
                         .help = "Whether this node accepts packets addressed to the virtual "
                                 "addresses (RFC 9568 6.1 Accept_Mode). no: it forwards, and "
                                 "answers ARP and neighbour solicitations, but drops what is "
                                 "addressed to them, also from itself: a gateway that serves "
                                 "nothing. Done by a table of nf_tables, inet vipd, which is "
                                 "made again when a firewall is loaded anew; a kernel without "
                                 "nf_tables refuses this value. Without effect at priority "
                                 "255."},
    [INSTANCE_ROUTES] = {.name = "routes",
                         .type = VALUE_ROUTES,
                         .default_note = "none",
                         .sample = "default via 192.0.2.1 src 192.0.2.10",
                         .reload = RELOAD_IN_PLACE,
                         .expected = "routes like 'default via 192.0.2.1 src 192.0.2.10', "
                                     "separated by commas",
                         .help = "Routes that this node has while it holds the addresses, in the "
                                 "words of ip-route(8): [TYPE] PREFIX|default [via ADDRESS] "
                                 "[dev INTERFACE] [src ADDRESS] [metric N] [table N] [scope S] "
                                 "[mtu N] [onlink]. TYPE is unicast, local, blackhole, "
                                 "unreachable, prohibit or throw; a table is a number, main, "
                                 "local or default; inet6 in front makes a default IPv6. Added "
                                 "behind the addresses and before they are announced, and marked "
                                 "by protocol 86. What somebody deletes is added again; a route "
                                 "of somebody else to the same place stays, and status says so. "
                                 "When vipd hangs, the kernel takes IPv4 routes of the main table "
                                 "away with the address that is their src; all others go when "
                                 "vipd gives the addresses up, by vipd --release and at its next "
                                 "start. May be repeated, and continued over indented lines."},
    [INSTANCE_RULES] = {.name = "rules",
                        .type = VALUE_RULES,
                        .default_note = "none",
                        .sample = "from 192.0.2.10 table 100 priority 1000",
                        .reload = RELOAD_IN_PLACE,
                        .expected = "rules like 'from 192.0.2.10 table 100', separated by commas",
                        .help = "Policy rules likewise, in the words of ip-rule(8): [not] "
                                "[from PREFIX|all] [to PREFIX|all] [iif INTERFACE] "
                                "[oif INTERFACE] [fwmark N[/MASK]] [priority N] table N, or "
                                "blackhole, unreachable or prohibit in place of the table; inet6 "
                                "where no prefix tells it. Without a priority the kernel chooses "
                                "one."},
    [INSTANCE_ADOPT] = {.name = "adopt",
                        .type = VALUE_BOOL,
                        INSTANCE_FIELD(adopt),
                        .default_text = "no",
                        .reload = RELOAD_IN_PLACE,
                        .expected = "yes or no",
                        .help = "What becomes of a virtual address that is on the interface "
                                "already and was not put there by vipd (left by a killed "
                                "keepalived, or in the network configuration). no: it stays as it "
                                "is, for ever, also when another node is MASTER; the log and the "
                                "status say so. yes: a node that becomes MASTER takes it over, and "
                                "removes it when it gives the addresses up."},
    [INSTANCE_ANNOUNCE_REPEAT] = {.name = "announce-repeat",
                                  .type = VALUE_NUMBER,
                                  INSTANCE_FIELD(announce_repeat),
                                  .min = 0,
                                  .max = ANNOUNCE_REPEAT_MAX,
                                  .default_text = "5",
                                  .reload = RELOAD_IN_PLACE,
                                  .expected = "a number from 0 to 10",
                                  .help = "How often the announcement of a takeover (gratuitous "
                                          "ARP, unsolicited neighbour advertisement) is "
                                          "repeated."},
    [INSTANCE_ANNOUNCE_REFRESH] = {.name = "announce-refresh",
                                   .type = VALUE_DURATION,
                                   INSTANCE_FIELD(announce_refresh_ns),
                                   .min = NS_PER_SEC,
                                   .max = 86400 * NS_PER_SEC,
                                   .zero_word = "off",
                                   .default_text = "60s",
                                   .reload = RELOAD_IN_PLACE,
                                   .expected = "off, or a duration from 1s to 1d",
                                   .help = "How often the master announces its addresses again."},
    [INSTANCE_ANNOUNCE_FORM] = {.name = "announce-form",
                                .type = VALUE_CHOICE,
                                INSTANCE_FIELD(announce_reply),
                                .choices = announce_forms,
                                .default_text = "request",
                                .reload = RELOAD_IN_PLACE,
                                .expected = "request or both",
                                .help = "Form of gratuitous ARP: requests, or both requests and "
                                        "replies for old hosts."},
    [INSTANCE_LEASE] = {.name = "lease",
                        .type = VALUE_DURATION,
                        INSTANCE_FIELD(lease_ns),
                        LEASE_RANGE,
                        .default_note = "that of [node]",
                        .sample = "5s",
                        .reload = RELOAD_IN_PLACE,
                        .expected = LEASE_EXPECTED,
                        .help = "As in [node], for this instance."},
    [INSTANCE_LINGER] = {.name = "linger",
                         .type = VALUE_DURATION,
                         INSTANCE_FIELD(linger_ns),
                         .min = 10 * NS_PER_MS,
                         .max = 600 * NS_PER_SEC,
                         .zero_word = "auto",
                         .default_text = "auto",
                         .reload = RELOAD_IN_PLACE,
                         .expected = "auto, or a duration from 10ms to 10m",
                         .help = "How long at most a node that hands over keeps answering while no "
                                 "successor is seen. auto: the time in which its peers would "
                                 "notice a dead master."},
#include "lib/config/schema_instance_follows.inc"
};
