/*
 * Mistakes in configuration files: the problems each of them brings, with their place.
 * There must be a bad row for every key of the schema; those of [check NAME] are in
 * test_config_check.c.
 */
#include "lib/config/schema.h"
#include "tests/unit/lib/config/config_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Four lines: what is put behind begins at line 5. */
#define GOOD         "[instance web]\ninterface = eth0\nvrid = 51\naddresses = 192.0.2.10/24\n"
#define V2           GOOD "version = 2\n"
#define DUAL         GOOD "addresses = 2001:db8::10/64\n"
#define UNICAST      GOOD "unicast-peers = 192.0.2.2\n"
#define NO_INTERFACE "[instance web]\nvrid = 51\naddresses = 192.0.2.10/24\n"
#define SIX_UNICAST                                                                                \
    "[instance web]\ninterface = eth0\nvrid = 51\naddresses = 2001:db8::10/64\n"                   \
    "unicast-peers = fe80::2\n"
#define WEB "t.conf:5: [instance web] "

#define WEB6 "t.conf:6: [instance web] "
#define WEB_ "t.conf:5: [instance web]: "

enum { PROBLEMS_MAX = 4 };

struct mistake {
    const char *text;
    const char *problems[PROBLEMS_MAX]; /* how each begins, in order; no more may come */
};

static const struct mistake key_mistakes[] = {
    {"[instance web]\nvrid = 51\naddresses = 192.0.2.10/24\n",
     {"t.conf:1: [instance web] interface: missing, expected an interface name"}},
    {"[instance web]\ninterface = eth0\naddresses = 192.0.2.10/24\n",
     {"t.conf:1: [instance web] vrid: missing, expected a number from 1 to 255"}},
    {"[instance web]\n",
     {"t.conf:1: [instance web] interface: missing", "t.conf:1: [instance web] vrid: missing"}},
    {"[instance web]\ninterface = a/b\nvrid = 0\naddresses = 192.0.2.1000\n",
     {"t.conf:2: [instance web] interface: found 'a/b', expected an interface name",
      "t.conf:3: [instance web] vrid: found '0', expected a number from 1 to 255",
      "t.conf:4: [instance web] addresses: found '192.0.2.1000', expected addresses like"}},
    {"[instance web]\ninterface = eth0\nvrid = 256\naddresses = ,\n",
     {"t.conf:3: [instance web] vrid: found '256', expected a number from 1 to 255",
      "t.conf:4: [instance web] addresses: found nothing, expected addresses"}},
    {GOOD "addresses = 192.0.2.11/24 192.0.2.12/33, ff02::1\n",
     {WEB "addresses: found '192.0.2.12/33', expected",
      WEB "addresses: found 'ff02::1', a multicast address, expected"}},
    {GOOD "extra-addresses = 192.0.2.11/24 peer 192.0.2.12\n",
     {WEB "extra-addresses: found 'peer' behind an address, which vipd cannot do, expected"}},
    {GOOD "addresses = 192.0.2.11/24 dev eth1 nowhere 192.0.2.12 label\n",
     {WEB "addresses: found 'nowhere' behind an address, expected addresses like",
      WEB "addresses: found 'label' with nothing behind it, expected addresses like"}},
    {GOOD "accept = no\nextra-addresses = fe80::5/64, fe80::6/64 dev eth1\n",
     {WEB "accept: found 'no', which cannot be had for fe80::6/64: a link-local address on"}},
    {GOOD "extra-addresses = 192.0.2.10/24 dev eth0\n",
     {WEB "extra-addresses: found 192.0.2.10 a second time, the first is in line 4"}},
    {GOOD "addresses = ::ffff:10.0.0.1/128\n",
     {WEB "addresses: found '::ffff:10.0.0.1/128', an IPv4-mapped address, expected"}},
    {"[instance web]\ninterface = lo\nvrid = 51\naddresses = 192.0.2.10/24\n",
     {"t.conf:2: [instance web] interface: found 'lo', where no other node is"}},
    {"[instance ..]\ninterface = eth0\nvrid = 51\naddresses = 192.0.2.10/24\n",
     {"t.conf:1: [instance ..]: expected an instance name of 1 to 63"}},
    {"[instance .]\ninterface = eth0\nvrid = 51\naddresses = 192.0.2.10/24\n",
     {"t.conf:1: [instance .]: expected an instance name of 1 to 63"}},
    {GOOD "priority = 5 # high\n", {WEB "priority: found '5 # high': a comment needs a line"}},
    {GOOD "advert-interval = 1s ; fast\n",
     {WEB "advert-interval: found '1s ; fast': a comment needs a line of its own"}},
    {GOOD "addresses = 192.0.2.11/24 # one more, or two\n",
     {WEB "addresses: found '192.0.2.11/24 # one more, or two': a comment needs a line of its"}},
    {GOOD "[node] ; all\n", {WEB_ "found '[node] ; all': a comment needs a line of its own"}},
    {GOOD "priority = 0\n", {WEB "priority: found '0', expected a number from 1 to 254"}},
    {GOOD "priority = 300\n", {WEB "priority: found '300', expected a number from 1 to 254"}},
    {GOOD "priority =\n", {WEB "priority: found nothing, expected a number"}},
    {GOOD "version = 4\n", {WEB "version: found '4', expected 3 or 2"}},
    {GOOD "advert-interval = 5ms\n", {WEB "advert-interval: found '5ms', expected multiples"}},
    {GOOD "advert-interval = 1\n", {WEB "advert-interval: found '1' without a unit, expected"}},
    {GOOD "advert-interval = 41s\n", {WEB "advert-interval: too long for version 3, expected at"}},
    {GOOD "preempt = later\n", {WEB "preempt: found 'later', expected yes, no, or after"}},
    {GOOD "preempt = after 5\n", {WEB "preempt: found 'after 5' without a unit, expected"}},
    {GOOD "preempt = when-healthy-for\n",
     {WEB "preempt: found 'when-healthy-for', expected yes, no, or after"}},
    {GOOD "preempt = when-healthy 5s\n",
     {WEB "preempt: found 'when-healthy 5s', expected yes, no, or after"}},
    {GOOD "track = a/b, app\n",
     {WEB "track: found 'a/b', expected names of", WEB "track: there is no [check app]"}},
    {GOOD "flap-damping = 3\n", {WEB "flap-damping: found '3', expected off, or like"}},
    {GOOD "unicast-peers = 192.0.2.2, 192.0.2.2\n",
     {WEB "unicast-peers: found '192.0.2.2' a second time, expected"}},
    {GOOD "source = 192.0.2.1/24\n", {WEB "source: found '192.0.2.1/24', expected one address"}},
    {GOOD "source = 192.0.2.1 192.0.2.2\n",
     {WEB "source: found '192.0.2.2', the second of its family, expected one"}},
    {GOOD "mac = vmac\n", {WEB "mac: found 'vmac', expected interface or virtual"}},
    {GOOD "checksum = none\n", {WEB "checksum: found 'none', expected auto, rfc5798 or"}},
    {GOOD "strict = true\n", {WEB "strict: found 'true', expected yes or no"}},
    {GOOD "routes = default via 192.0.2.1, default dev eth0\n",
     {WEB "routes: found 'default dev eth0', a second one to there with that metric in that table, "
          "expected routes like"}},
    {GOOD "routes = default via 192.0.2.1 proto static\n",
     {WEB "routes: found 'default via 192.0.2.1 proto static' with the unknown word 'proto', "
          "expected"}},
    {GOOD "routes = 10.0.0.1/8 dev eth0\n",
     {WEB "routes: found '10.0.0.1/8 dev eth0' with the destination '10.0.0.1/8', expected"}},
    {GOOD "routes = default via x\n",
     {WEB "routes: found 'default via x' with a wrong value, 'x', expected routes"}},
    {GOOD "rules = from 192.0.2.10\n",
     {WEB "rules: found 'from 192.0.2.10' without the table to look up, expected rules like"}},
    {GOOD "accept = off\n", {WEB "accept: found 'off', expected yes or no"}},
    {GOOD "adopt = always\n", {WEB "adopt: found 'always', expected yes or no"}},
    {GOOD "unicast-ttl = 0\n", {WEB "unicast-ttl: found '0', expected a number from 1"}},
    {GOOD "unicast-max-ttl = x\n", {WEB "unicast-max-ttl: found 'x', expected a number from 0"}},
    {GOOD "dead-factor = 1\n", {WEB "dead-factor: found '1', expected a number from 2 to 100"}},
    {GOOD "multicast-group = 192.0.2.1\n",
     {WEB "multicast-group: found '192.0.2.1', which is no multicast address, expected one"}},
    {GOOD "multicast-group = 224.0.0.7, 224.0.0.8\n",
     {WEB "multicast-group: found '224.0.0.8', the second of its family, expected one"}},
    {V2 "password =\n", {WEB6 "password: found nothing, expected a text of 1 to 8"}},
    {V2 "password-file = hush\n", {WEB6 "password-file: found 'hush', expected an absolute"}},
    {GOOD "auth-key = /a\n", {WEB "auth-key: found no id in front of a colon, expected ID:FILE"}},
    {GOOD "auth-mode = on\n", {WEB "auth-mode: found 'on', expected receive-only, permissive"}},
    {GOOD "auth-replay = none\n", {WEB "auth-replay: found 'none', expected time or monotonic"}},
    {GOOD "auth-window = 301s\n", {WEB "auth-window: found '301s', expected auto, or whole"}},
    {GOOD "unicast-min-ttl = 256\n",
     {WEB "unicast-min-ttl: found '256', expected a number from 0"}},
    {GOOD "announce-repeat = 11\n", {WEB "announce-repeat: found '11', expected a number from 0"}},
    {GOOD "announce-refresh = 10ms\n", {WEB "announce-refresh: found '10ms', expected off, or"}},
    {GOOD "announce-form = reply\n", {WEB "announce-form: found 'reply', expected request or"}},
    {GOOD "lease = 1.5s\n", {WEB "lease: found '1.5s', expected off, or whole seconds"}},
    {GOOD "linger = off\n", {WEB "linger: found 'off', expected auto, or a duration"}},
    {GOOD "before-master = a && b\n", {WEB "before-master: found 'a && b', "}},
    {GOOD "before-master-timeout = off\n",
     {WEB "before-master-timeout: found 'off', expected a duration from 100ms to 1h"}},
    {GOOD "before-master-failure = yes\n",
     {WEB "before-master-failure: found 'yes', expected give-up or claim"}},
    {GOOD "release-first = always\n", {WEB "release-first: found 'always', expected yes or no"}},
    {GOOD "avoid = nobody\n", {WEB "avoid: found 'nobody', there is no such instance"}},
    {GOOD "avoid = web\n", {WEB "avoid: found 'web', which is this instance itself"}},
    {GOOD "on-master = a 'b\n",
     {WEB "on-master: found 'a 'b', the quote at column 3 is never closed, expected a command"}},
    {GOOD "on-backup = a | b\n",
     {WEB "on-backup: found 'a | b', no shell runs this: quote the '|' at column 3, or write sh -c "
          "'...', expected a command line"}},
    {GOOD "on-init =\n", {WEB "on-init: found nothing, expected a command line"}},
    {GOOD "on-rival = a|b\n", {WEB "on-rival: found 'a|b', "}},
    {GOOD "on-change = a\\\n",
     {WEB "on-change: found 'a\\', nothing follows the backslash at column 2, expected"}},
    {GOOD "follow-link = maybe\n", {WEB "follow-link: found 'maybe', expected yes or no"}},
    {GOOD "link-down-delay = 1h\n", {WEB "link-down-delay: found '1h', expected a duration"}},
    {GOOD "link-up-delay = off\n", {WEB "link-up-delay: found 'off', expected a duration"}},
    {GOOD "hook-timeout = off\n", {WEB "hook-timeout: found 'off', expected a duration from"}},
    {GOOD "hook-user = a b\n", {WEB "hook-user: found 'a b', expected the name of a user"}},
    {GOOD "systemd-target = on\n", {WEB "systemd-target: found 'on', expected yes or no"}},
    {GOOD "[node]\nhook-user = a/b\n", {"t.conf:6: [node] hook-user: found 'a/b', expected the"}},
    {GOOD "on-conflict = yield\n", {WEB "on-conflict: found 'yield', expected defend or release"}},
    {GOOD "conflict-quiet = off\n", {WEB "conflict-quiet: found 'off', expected a duration"}},
    {GOOD "[node]\nname = a b\n", {"t.conf:6: [node] name: found 'a b', expected 1 to 63"}},
    {GOOD "[node]\nlease = 500ms\n", {"t.conf:6: [node] lease: found '500ms', expected off"}},
    {GOOD "[node]\nrealtime = on\n", {"t.conf:6: [node] realtime: found 'on', expected yes"}},
    {GOOD "[node]\nrecorder = yes\n", {"t.conf:6: [node] recorder: found 'yes', expected on or"}},
    {GOOD "[node]\nstart-delay = 2h\n", {"t.conf:6: [node] start-delay: found '2h', exp"}},
    {GOOD "[node]\nannounce-pause = 2s\n", {"t.conf:6: [node] announce-pause: found '2s', exp"}},
    {GOOD "[node]\nrecorder-time = 10ms\n", {"t.conf:6: [node] recorder-time: found '10ms', exp"}},
    {GOOD "[node]\nrecorder-files = 0\n", {"t.conf:6: [node] recorder-files: found '0', expect"}},
    {GOOD "[group g]\ninstances = web, a/b\n",
     {"t.conf:6: [group g] instances: found 'a/b', expected names of one to 64 instances"}},
};

static const struct mistake shape_mistakes[] = {
    {GOOD "prioriti = 100\n", {WEB "prioriti: unknown key, did you mean 'priority'?"}},
    {GOOD "advert_int = 1s\n", {WEB "advert_int: unknown key, did you mean 'advert-interval'?"}},
    {GOOD "colour = red\n", {WEB "colour: unknown key"}},
    {GOOD "colour = red,\n  green\n", {WEB "colour: unknown key"}},
    {GOOD "realtime = no\n", {WEB "realtime: a key of [node], not of this section"}},
    {GOOD "[node]\nvrid = 1\n",
     {"t.conf:6: [node] vrid: a key of [instance NAME], not of this section"}},
    {GOOD "[instanz db]\n", {"t.conf:5: [instanz db]: unknown section, did you mean 'instance'?"}},
    {GOOD "[zzz]\nkey = value\n",
     {"t.conf:5: [zzz]: unknown section, expected [node], [instance NAME], [group NAME] or"}},
    {GOOD "[]\n", {"t.conf:5: unknown section, expected [node], [instance NAME], [group NAME] or"}},
    {"interface = eth0\n", {"t.conf:1: interface: outside of a section, expected [node] or"}},
    {GOOD "this is no line\n", {WEB_ "found 'this is no line', expected KEY = VALUE"}},
    {GOOD "priority: 100\n", {WEB_ "found 'priority: 100', expected KEY = VALUE"}},
    {GOOD "= 100\n", {WEB_ "found '= 100', expected KEY = VALUE"}},
    {GOOD "[instance db\n", {WEB_ "found '[instance db', expected KEY = VALUE"}},
    {"[node]\n  2001:db8::1\n", {"t.conf:2: [node]: found '2001:db8::1', expected KEY = VALUE"}},
    {GOOD "priority = 1\x01\n", {WEB_ "found 'priority = 1\\x01', which has a control"}},
    {GOOD "priority = 100,\n  200\n",
     {WEB "priority: found '100,', expected a number",
      "t.conf:6: [instance web] priority: found '200' as well, expected a single value"}},
    {GOOD "[instance]\n", {"t.conf:5: [instance]: the instance has no name, expected"}},
    {GOOD "[instance a b]\n", {"t.conf:5: [instance a b]: expected an instance name of 1 to 63"}},
    {GOOD "[node lb1]\n", {"t.conf:5: [node lb1]: expected [node], without a name"}},
    {GOOD "[node lb1]\ntrack = up\n", {"t.conf:5: [node lb1]: expected [node], without a name"}},
    /* What stands in a section that was refused is judged as well. */
    {GOOD "[instance a/b]\nvrid = 300\nspeed = 9\n",
     {"t.conf:5: [instance a/b]: expected an instance name",
      "t.conf:6: [instance a/b] vrid: found '300', expected",
      "t.conf:7: [instance a/b] speed: unknown key"}},
    {"[node]\n[node]\nname = a b\n",
     {"t.conf:2: [node]: a second time, the first is at t.conf:1",
      "t.conf:3: [node] name: found 'a b'"}},
};

static const struct mistake whole_mistakes[] = {
    {GOOD "vrid = 52\n", {WEB "vrid: a second time, the first is in line 3"}},
    {GOOD GOOD, {"t.conf:5: [instance web]: a second time, the first is at t.conf:1"}},
    {GOOD "addresses = 192.0.2.10/25\n",
     {WEB "addresses: found 192.0.2.10 a second time, the first is in line 4"}},
    {GOOD "[instance db]\ninterface = eth0\nvrid = 51\naddresses = 192.0.2.11/24\n",
     {"t.conf:7: [instance db] vrid: found 51, which instance web (t.conf:3) uses on eth0"}},
    {GOOD "[instance db]\ninterface = eth0\nvrid = 52\naddresses = 192.0.2.10/24\n",
     {"t.conf:8: [instance db] addresses: found 192.0.2.10, which instance web (t.conf:4) has"}},
    {GOOD "[instance db]\ninterface = eth1\nvrid = 52\naddresses = 192.0.2.10/24 dev eth0\n",
     {"t.conf:8: [instance db] addresses: found 192.0.2.10, which instance web (t.conf:4) has on "
      "eth0 already"}},
    /* One mistake, one problem: nothing is said of the link-local addresses derived of the VRID. */
    {DUAL "[instance db]\ninterface = eth0\nvrid = 51\naddresses = 2001:db8::11/64\n",
     {"t.conf:8: [instance db] vrid: found 51, which instance web (t.conf:3) uses on eth0"}},
    {DUAL "[instance db]\ninterface = eth0\nvrid = 52\naddresses = fe80::200:5eff:fe00:233/64\n",
     {"t.conf:9: [instance db] addresses: found fe80::200:5eff:fe00:233, which instance web"}},
    {"[instance web]\ninterface = eth0\nvrid = 51\nversion = 2\naddresses = 2001:db8::10/64\n",
     {"t.conf:4: [instance web] version: found 2, but version 2 cannot carry IPv6 addresses"}},
    {GOOD "version = 2\nadvert-interval = 200ms\n",
     {"t.conf:6: [instance web] advert-interval: version 2 counts in seconds, expected whole"}},
    {GOOD "unicast-peers = 2001:db8::2\n",
     {WEB "unicast-peers: no IPv4 peer, but there are IPv4 addresses"}},
    {DUAL "unicast-peers = 192.0.2.2\n",
     {"t.conf:6: [instance web] unicast-peers: no IPv6 peer, but there are IPv6 addresses"}},
    {GOOD "unicast-peers = 192.0.2.10\n", {WEB "unicast-peers: found 192.0.2.10, which is a"}},
    {GOOD "unicast-peers = 192.0.2.1\nsource = 192.0.2.1\n",
     {WEB "unicast-peers: found 192.0.2.1, which is this node's own source"}},
    {UNICAST "[instance db]\ninterface = eth0\nvrid = 51\naddresses = 192.0.2.11/24\n"
             "unicast-peers = 192.0.2.3, 192.0.2.2\n",
     {"t.conf:10: [instance db] unicast-peers: found 192.0.2.2, a peer of instance web (t.conf:5) "
      "too, which has vrid 51 on eth0"}},
    {UNICAST "mac = virtual\n[instance db]\ninterface = eth0\nvrid = 51\nmac = virtual\n"
             "addresses = 192.0.2.11/24\n",
     {"t.conf:10: [instance db] mac: found 'virtual', as has instance web (t.conf:6)"}},
    {SIX_UNICAST "[instance db]\ninterface = eth0\nvrid = 51\naddresses = 2001:db8::11/64\n"
                 "unicast-peers = fe80::3\n",
     {"t.conf:6: [instance db] addresses: found no link-local address, and that of the vrid, "
      "fe80::200:5eff:fe00:233, has instance web"}},
    {NO_INTERFACE, {"t.conf:1: [instance web] interface: missing, expected an interface name"}},
    {NO_INTERFACE "unicast-peers = 192.0.2.2, fe80::2\n",
     {"t.conf:1: [instance web] interface: missing, but the peer fe80::2 is on every link"}},
    {NO_INTERFACE "unicast-peers = 192.0.2.2\n[instance db]\nvrid = 51\n"
                  "addresses = 192.0.2.11/24\nunicast-peers = 192.0.2.2\n",
     {"t.conf:8: [instance db] unicast-peers: found 192.0.2.2, a peer of instance web (t.conf:4) "
      "too, which has vrid 51 on the interface of its peers"}},
    {NO_INTERFACE "unicast-peers = 192.0.2.2\n[instance db]\nvrid = 51\ninterface = eth0\n"
                  "addresses = 192.0.2.11/24\nunicast-peers = 192.0.2.2\n",
     {"t.conf:9: [instance db] unicast-peers: found 192.0.2.2, a peer of instance web"}},
    {NO_INTERFACE "unicast-peers = 192.0.2.2\n[instance db]\nvrid = 52\n"
                  "addresses = 192.0.2.10/24\nunicast-peers = 192.0.2.2\n",
     {"t.conf:7: [instance db] addresses: found 192.0.2.10, which instance web (t.conf:3) has on "
      "the interface of its peers"}},
    {GOOD "unicast-min-ttl = 254\nunicast-max-ttl = 253\n",
     {"t.conf:6: [instance web] unicast-max-ttl: found 253, which is less than unicast-min-ttl"}},
    {GOOD "source = 192.0.2.10\n", {WEB "source: found 192.0.2.10, which is a virtual address"}},
};

/* Whatever is wrong about a password is said without it. */
static const struct mistake secret_mistakes[] = {
    {V2 "password = hush # a comment\n", {WEB6 "password: found what looks like a comment"}},
    {V2 "password = hush\x01\n", {"t.conf:6: [instance web]: found 'pass...', which has a contr"}},
    {V2 "password hush\n", {"t.conf:6: [instance web]: found 'pass...', expected KEY = VALUE"}},
    {V2 "Password: hush = hush\n", {"t.conf:6: [instance web]: found 'Pass...', expected KEY ="}},
    {V2 "password = x\n  hush\n", {"t.conf:7: [instance web] password: found a second line"}},
    {V2 "password = x\npassword = hush\n", {"t.conf:7: [instance web] password: a second time"}},
    {V2 "passwort = hush\n", {WEB6 "passwort: unknown key, did you mean 'password'?"}},
    {"[node]\npassword = hush\n", {"t.conf:2: [node] password: a key of [instance NAME]"}},
    {GOOD "password = hush\n", {WEB "password: version 3 has no passwords"}},
    {GOOD "password-file = /a\n", {WEB "password-file: version 3 has no passwords"}},
    {V2 "password-file = /a\npassword = hush\n", {WEB6 "password-file: beside `password`"}},
    {V2 "auth-key = hush\n", {WEB6 "auth-key: found no id in front of a colon, expected ID:FILE"}},
    {V2 "auth-key = 1:hex:hush\n", {WEB6 "auth-key: found something else than hexadecimal digi"}},
    {V2 "auth-key = 1:/a # hush\n", {WEB6 "auth-key: found what looks like a comment behind it"}},
    {V2 "auth-key = 1:/a 1:hush\n", {WEB6 "auth-key: found the same id a second time, expected"}},
    {V2 "auth-key 1:hex:hush\n", {"t.conf:6: [instance web]: found 'auth...', expected KEY ="}},
    {V2 "auth-key = 1:/a\npassword = hush\n", {WEB6 "auth-key: beside a password, expected one"}},
    {GOOD "auth-mode = enforce\n", {WEB "auth-mode: without `auth-key`, expected it with one on"}},
    {GOOD "auth-replay = time\n", {WEB "auth-replay: without `auth-key`, expected it with one "}},
    {GOOD "auth-window = 9s\n", {WEB "auth-window: without `auth-key`, expected it with one on"}},
    {GOOD "auth-window = 9s\nauth-key = 1:/a\nauth-replay = monotonic\n",
     {WEB "auth-window: auth-replay = monotonic has no window, expected it with time only"}},
};

static void judge(const struct mistake *mistake, bool secret)
{
    struct config_problems problems;
    char line[1024];
    size_t expected = 0;

    assert_null(parse_text(mistake->text, &problems));
    while (expected < PROBLEMS_MAX && mistake->problems[expected] != NULL)
        expected++;
    for (size_t i = 0; i < problems.count && i < expected; i++) {
        const char *want = mistake->problems[i];

        config_problem_format(&problems.list[i], line, sizeof(line));
        if (secret && strstr(line, "hush") != NULL)
            fail_msg("shown: %s", line);
        if (strncmp(line, want, strlen(want)) != 0)
            fail_msg("got  %s\nwant %s", line, want);
    }
    if (problems.count != expected)
        fail_msg("%zu problems, not %zu:\n%s", problems.count, expected, mistake->text);
    config_problems_free(&problems);
}

#define JUDGE_ALL(table, secret)                                                                   \
    do {                                                                                           \
        for (size_t i = 0; i < sizeof(table) / sizeof((table)[0]); i++)                            \
            judge(&(table)[i], (secret));                                                          \
    } while (0)

static void bad_values_are_named_where_they_are(void **state)
{
    (void)state;
    JUDGE_ALL(key_mistakes, false);
}

static void bad_lines_and_sections_are_named_where_they_are(void **state)
{
    (void)state;
    JUDGE_ALL(shape_mistakes, false);
}

static void clashes_name_both_places(void **state)
{
    (void)state;
    JUDGE_ALL(whole_mistakes, false);
}

static void passwords_are_never_shown(void **state)
{
    (void)state;
    JUDGE_ALL(secret_mistakes, true);
}

/* A key without a row above would be a key that nobody has tried. */
static void the_table_has_every_key(void **state)
{
    size_t count = 0;
    const struct config_section *sections = config_schema(&count);

    (void)state;
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; &sections[i] != config_schema_check() && j < sections[i].key_count;
             j++) {
            char wanted[128];
            size_t rows = 0;

            snprintf(wanted, sizeof(wanted), "] %s: found ", sections[i].keys[j].name);
            for (size_t k = 0; k < sizeof(key_mistakes) / sizeof(key_mistakes[0]); k++) {
                for (size_t l = 0; l < PROBLEMS_MAX && key_mistakes[k].problems[l] != NULL; l++)
                    rows += strstr(key_mistakes[k].problems[l], wanted) != NULL ? 1 : 0;
            }
            if (rows == 0)
                fail_msg("no bad value of %s", sections[i].keys[j].name);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_values_are_named_where_they_are),
        cmocka_unit_test(bad_lines_and_sections_are_named_where_they_are),
        cmocka_unit_test(clashes_name_both_places),
        cmocka_unit_test(passwords_are_never_shown),
        cmocka_unit_test(the_table_has_every_key),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
