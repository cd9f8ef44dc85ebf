/* Advice: each piece is given where it should be, and a sound configuration gets none. */
#include "lib/config/advice.h"
#include "tests/unit/lib/config/config_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define WEB  "[instance web]\ninterface = eth0\nvrid = 51\naddresses = 192.0.2.10/24\n"
#define SIX  "[instance six]\ninterface = eth0\nvrid = 52\naddresses = 2001:db8::10/64\n"
#define AT   "t.conf:1: [instance web] "
#define AT_6 "t.conf:1: [instance six] "

static const struct {
    const char *text;
    const char *advice; /* how the only piece begins; NULL: none is given */
} cases[] = {
    {"", NULL},
    {WEB SIX, NULL},
    {WEB "priority = 255\nsource = 192.0.2.10\n", NULL},
    {WEB "priority = 255\npreempt = no\n", AT "preempt: without effect at priority 255"},
    {WEB "preempt = no\n", NULL},
    {WEB "before-master = /bin/promote\n", NULL},
    {WEB "before-master-failure = claim\n",
     AT "before-master-failure: without effect: there is no before-master"},
    {WEB "release-first = yes\nlease = 3s\n", AT "release-first: without before-master"},
    {WEB "before-master = /bin/promote\nrelease-first = yes\nlease = 3s\n", NULL},
    {WEB "before-master = /bin/promote\nrelease-first = yes\n",
     AT "lease: with release-first it should end within 3 s"},
    {WEB "before-master = /bin/promote\nbefore-master-timeout = 2m\n",
     AT "before-master-timeout: a vipd that is stopped may go on for so long"},
    {WEB "avoid = six\n" SIX, NULL},
    {WEB "avoid = six\npreempt = no\n" SIX, AT "avoid: with preempt = no"},
    {WEB "avoid = six\npriority = 255\n" SIX, AT "avoid: without effect at priority 255"},
    {"[check up]\ntype = link\ninterface = eth1\n" SIX,
     "t.conf:1: [check up]: without effect: no instance has it in track"},
    {WEB "track = up\n[check up]\ntype = link\ninterface = eth1\nweight = -5\n", NULL},
    {WEB "priority = 255\ntrack = up\n[check up]\ntype = link\ninterface = eth1\nweight = -5\n",
     AT "track: the weight of up is without effect at priority 255"},
    {WEB "priority = 255\ntrack = up\n[check up]\ntype = link\ninterface = eth1\n", NULL},
    {WEB "preempt = no\ntrack = up\n[check up]\ntype = link\ninterface = eth1\nweight = -5\n",
     AT "preempt: no: a master whose check up fails keeps the addresses"},
    {WEB "preempt = no\n[node]\ntrack = up\n[check up]\ntype = link\ninterface = eth1\n"
         "weight = 5\n",
     AT "preempt: no: a master whose check up fails keeps the addresses"},
    {WEB "preempt = no\ntrack = up\n[check up]\ntype = link\ninterface = eth1\n", NULL},
    {WEB "preempt = after 5s\ntrack = up\n[check up]\ntype = link\ninterface = eth1\n"
         "weight = -5\n",
     NULL},
    {WEB "priority = 255\nflap-damping = 3 in 1m\n",
     AT "flap-damping: without effect at priority 255"},
    {WEB "track = app\n[check app]\ntype = process\nexecutable = haproxy\n",
     "t.conf:6: [check app] executable: vipd.service hides processes of other users"},
    {WEB "track = app\n[check app]\ntype = process\npid-file = /run/a.pid\nexecutable = a\n",
     "t.conf:6: [check app] executable: vipd.service hides processes of other users"},
    {WEB "track = app\n[check app]\ntype = process\npid-file = /run/a.pid\n", NULL},
    {WEB "accept = no\nroutes = default via 192.0.2.1 src 192.0.2.10, 10.0.0.0/8 dev eth0\n", NULL},
    {WEB "accept = no\npriority = 255\n", AT "accept: without effect at priority 255"},
    {WEB "routes = default via 192.0.2.1 src 192.0.2.11\n",
     AT "routes: the src of 'default via 192.0.2.1 src 192.0.2.11' is no address of this instance"},
    {WEB "routes = default via 192.0.2.1\n[instance db]\ninterface = eth1\nvrid = 1\n"
         "addresses = 192.0.2.11/24\nroutes = default via 192.0.2.2\n",
     "t.conf:6: [instance db] routes: 'default via 192.0.2.2' leads elsewhere than that of "
     "instance "
     "web (t.conf:1) to the same place"},
    {WEB
     "routes = default via 192.0.2.1\n[instance db]\ninterface = eth1\nvrid = 1\n"
     "addresses = 192.0.2.11/24\nroutes = default via 192.0.2.1, default via 192.0.2.2 table 9\n",
     NULL},
    {WEB "lease = off\n", AT "lease: off: when vipd is killed"},
    {WEB "advert-interval = 90ms\n", NULL},
    {WEB "advert-interval = 90ms\n[node]\nrealtime = no\n", AT "advert-interval: below 100ms"},
    {WEB "advert-interval = 100ms\n[node]\nrealtime = no\n", NULL},
    {WEB "announce-repeat = 0\n", NULL},
    {WEB "announce-refresh = off\n", NULL},
    {WEB "announce-repeat = 0\nannounce-refresh = off\n", AT "announce-repeat: 0 with"},
    {WEB "source = fe80::1\n", AT "source: the IPv6 one has no effect"},
    {SIX "source = 192.0.2.1\n", AT_6 "source: the IPv4 one has no effect"},
    {SIX "source = 2001:db8::1\n", AT_6 "source: the IPv6 one is not link-local"},
    {SIX "source = fe80::1\n", NULL},
    {SIX "unicast-peers = fe80::2\n", NULL},
    {SIX "unicast-peers = 2001:db8::2\n", AT_6 "source: no IPv6 one, and the peers are not"},
    {SIX "unicast-peers = 2001:db8::2\nsource = 2001:db8::1\n", NULL},
    {WEB "unicast-peers = 192.0.2.2 2001:db8::2\n", AT "unicast-peers: 2001:db8::2 has no effect"},
    {WEB "addresses = 192.0.2.64/26\n", AT "addresses: 192.0.2.64/26 is the address of the netw"},
    {WEB "addresses = 192.0.2.127/26\n", AT "addresses: 192.0.2.127/26 is the network's broadc"},
    {WEB "addresses = 192.0.2.65/26, 192.0.2.126/26, 192.0.2.0, 192.0.2.12/31\n", NULL},
    {SIX "addresses = 2001:db8::/64\n", AT_6 "addresses: 2001:db8::/64 is the address of the net"},
    {SIX "addresses = 2001:db8::ffff:ffff:ffff:ffff/64, 2001:db8:1::/127\n", NULL},
    {WEB "[instance db]\ninterface = eth1\nvrid = 1\naddresses = 192.0.2.10/24\n",
     "t.conf:5: [instance db] addresses: 192.0.2.10 is that of instance web (t.conf:1) on eth0"},
    {WEB "[instance db]\ninterface = eth1\nvrid = 1\naddresses = 192.0.2.11/24\n"
         "[group g]\ninstances = web, db\n",
     NULL},
    {WEB "priority = 150\n[instance db]\ninterface = eth1\nvrid = 1\naddresses = 192.0.2.11/24\n"
         "[group g]\ninstances = web, db\n",
     AT "priority: counts as 100, the lowest one of [group g]"},
    {WEB "multicast-group = 224.0.0.77\n", NULL},
    {WEB "multicast-group = ff02::77\n", AT "multicast-group: ff02::77 has no effect: no address"},
    {WEB "multicast-group = 224.0.0.7\nunicast-peers = 192.0.2.2\n",
     AT "multicast-group: 224.0.0.7 has no effect: there are unicast-peers"},
    {WEB "multicast-group = 239.0.0.1\n", AT "multicast-group: 239.0.0.1 is not of the link alone"},
    {SIX "multicast-group = ff05::1\n", AT_6 "multicast-group: ff05::1 is not of the link alone"},
    {WEB "dead-factor = 3\n", NULL},
    {WEB "dead-factor = 5\n", AT "dead-factor: must be 5 on all nodes"},
    {WEB "version = 2\npassword = a\n[instance db]\ninterface = eth1\nvrid = 1\nversion = 2\n"
         "addresses = 192.0.2.11/24\npassword = b\n",
     AT "password: crosses the network in clear, for all to read: it keeps out mistakes"},
    {WEB "auth-key = 1:/etc/vipd/web.key\n", NULL},
    {WEB "auth-key = 1:hex:000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n",
     AT "auth-key: a key stands in this file, for all to read who read that"},
    {"[instance web]\ninterface = eth0\nvrid = 51\n",
     AT "addresses: none, and neither on-master nor on-change"},
    {"[instance web]\ninterface = eth0\nvrid = 51\non-master = /bin/true\n",
     AT "addresses: none: the advertisements list no address, which RFC 9568 forbids"},
    {WEB "extra-addresses = 192.0.2.77/32 dev lo\n", NULL},
    {WEB "extra-addresses = 192.0.2.77/24 dev lo\n",
     AT "extra-addresses: 192.0.2.77/24 on lo makes its whole network this node's own"},
    {WEB "extra-addresses = 192.0.2.77/24 label web\n",
     AT "extra-addresses: 192.0.2.77/24 has the label web, which does not begin with its device"},
    {WEB "extra-addresses = 192.0.2.77/24 label eth0:web\n", NULL},
    {SIX "addresses = fe80::1/64\n[instance s]\ninterface = eth1\nvrid = 1\n"
         "addresses = 2001:db8::11/64 fe80::1/64\n",
     NULL},
};

static void advice_is_given_where_it_should_be(void **state)
{
    char line[1024] = "";

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct config_problems problems;
        struct config_problems advice;
        struct config *config = parse_text(cases[i].text, &problems);

        if (config == NULL)
            fail_msg("%s", config_problem_format(&problems.list[0], line, sizeof(line)));
        config_advise(config, &advice);
        if (advice.count > 0)
            config_problem_format(&advice.list[0], line, sizeof(line));
        if (advice.count != (cases[i].advice != NULL ? 1 : 0))
            fail_msg("%zu pieces of advice (%s) for:\n%s", advice.count, line, cases[i].text);
        if (cases[i].advice != NULL && strncmp(line, cases[i].advice, strlen(cases[i].advice)) != 0)
            fail_msg("got  %s\nwant %s", line, cases[i].advice);
        config_problems_free(&advice);
        config_problems_free(&problems);
        config_free(config);
    }
}

/* Only in keepalived's file is it seen that what is behind does not count. */
static void a_long_password_is_told_to_be_cut(void **state)
{
    struct config_problems problems;
    struct config_problems advice;
    struct config *config = parse_text(WEB "version = 2\npassword = secretive\n", &problems);
    char line[1024];

    (void)state;
    assert_non_null(config);
    config_advise(config, &advice);
    assert_int_equal(advice.count, 2);
    config_problem_format(&advice.list[0], line, sizeof(line));
    assert_non_null(strstr(line, AT "password: longer than 8 octets"));
    assert_null(strstr(line, "secret"));
    config_problems_free(&advice);
    config_problems_free(&problems);
    config_free(config);
}

/* How the advice begins, "" without any; so many IPv6 addresses in two instances of one link. */
static void advise_on_many(unsigned count, const char *lease, char *line, size_t size)
{
    struct config_problems problems;
    struct config_problems advice;
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);

    assert_non_null(out);
    for (unsigned i = 0; i < 2; i++) {
        fprintf(out, "[instance i%u]\ninterface = eth0\nvrid = %u\nlease = %s\n", i, i + 1, lease);
        fprintf(out, "addresses = 2001:db8::%u:0/64\nextra-addresses = 2001:db8::%u:1/64", i + 1,
                i + 1);
        for (unsigned k = 2; k < count / 2; k++)
            fprintf(out, ", 2001:db8::%u:%x/64", i + 1, k);
        fputc('\n', out);
    }
    fclose(out);
    struct config *config = parse_text(text, &problems);
    if (config == NULL)
        fail_msg("%s", config_problem_format(&problems.list[0], line, size));
    config_advise(config, &advice);
    assert_int_equal(advice.count % 2, 0);
    line[0] = '\0';
    if (advice.count > 0)
        config_problem_format(&advice.list[0], line, size);
    config_problems_free(&advice);
    config_problems_free(&problems);
    config_free(config);
    free(text);
}

static void a_lease_is_long_enough_for_many_addresses(void **state)
{
    char line[1024];

    (void)state;
    advise_on_many(2800, "5s", line, sizeof(line));
    assert_string_equal(line, "");
    advise_on_many(6000, "5s", line, sizeof(line));
    assert_non_null(strstr(line, "lease: 5s is short for 600"));
    assert_non_null(strstr(line, " IPv6 addresses on eth0"));
    assert_non_null(strstr(line, ": 22s or more, or off"));
    advise_on_many(6000, "22s", line, sizeof(line));
    assert_string_equal(line, "");
    advise_on_many(400, "1s", line, sizeof(line));
    assert_string_equal(line, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(advice_is_given_where_it_should_be),
        cmocka_unit_test(a_lease_is_long_enough_for_many_addresses),
        cmocka_unit_test(a_long_password_is_told_to_be_cut),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
