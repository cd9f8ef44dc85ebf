/*
 * [check NAME]: what each key takes and refuses, which types have it, what is filled in, and who
 * may be followed. There must be a good and a bad row for every key.
 */
#include "lib/config/diff.h"
#include "lib/config/schema.h"
#include "tests/unit/lib/config/config_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Two lines, with the name; what is put behind begins at line 3. */
#define HTTP    "[check app]\ntype = http\nurl = http://127.0.0.1/\n"
#define TCP     "[check app]\ntype = tcp\nconnect = 127.0.0.1:80\n"
#define EXEC    "[check app]\ntype = exec\ncommand = /bin/true\n"
#define PROCESS "[check app]\ntype = process\nexecutable = haproxy\n"
#define FILE_   "[check app]\ntype = file\npath = /run/flag\n"
#define UNIT    "[check app]\ntype = unit\nunit = haproxy.service\n"
#define LINK    "[check app]\ntype = link\ninterface = eth1\n"
#define GATEWAY "[check app]\ntype = gateway\naddress = 192.0.2.1\ninterface = eth0\n"

#define APP  "[check app] "
#define LINE "t.conf:4: " APP

#define INSTANCE "[instance web]\ninterface = eth0\nvrid = 51\naddresses = 192.0.2.10/24\n"

enum { PROBLEMS_MAX = 3 };

static struct config *read_good(const char *text)
{
    struct config_problems problems;
    struct config *config = parse_text(text, &problems);
    char line[512];

    if (config == NULL)
        fail_msg("%s\n%s", text, config_problem_format(&problems.list[0], line, sizeof(line)));
    config_problems_free(&problems);
    return config;
}

#define GETTER(name, expression)                                                                   \
    static uint64_t name(const struct config_check *c)                                             \
    {                                                                                              \
        return (uint64_t)(expression);                                                             \
    }

GETTER(type, c->type)
GETTER(interval, c->interval_ns)
GETTER(timeout, c->timeout_ns)
GETTER(rise, c->rise)
GETTER(fall, c->fall)
GETTER(weight, c->weight + 1000)
GETTER(initially, c->initially)
GETTER(url, strlen(c->url))
GETTER(method, strcmp(c->method, "HEAD") == 0)
GETTER(status_count, c->statuses.count)
GETTER(status_low, c->statuses.ranges[0].low)
GETTER(status_high, c->statuses.ranges[1].high)
GETTER(body, strcmp(c->body, "all good") == 0)
GETTER(tls_verify, c->tls_verify)
GETTER(tls_ca, strcmp(c->tls_ca, "/ca") == 0)
GETTER(tls_cert, strcmp(c->tls_cert, "/cert") == 0)
GETTER(tls_key, strcmp(c->tls_key, "/key") == 0)
GETTER(unix_socket, strcmp(c->unix_socket, "/s") == 0)
GETTER(port, c->endpoint.port)
GETTER(endpoint_family, c->endpoint.address.family)
GETTER(send_size, c->send.size)
GETTER(send_octets, memcmp(c->send.data, "a\r\n\t\\\0\xfe", 7) == 0)
GETTER(expect, memcmp(c->expect.data, "+PONG", 5) == 0)
GETTER(word_count, c->command.count)
GETTER(words, memcmp(c->command.text, "/bin/a\0b c\0d\"e\0f \\g\0\0hi\0", 24) == 0)
GETTER(user, strcmp(c->user, "nobody") == 0)
GETTER(pid_file, strcmp(c->pid_file, "/run/p.pid") == 0)
GETTER(executable, strcmp(c->executable, "haproxy") == 0)
GETTER(path, strcmp(c->path, "/run/flag") == 0)
GETTER(content, c->content)
GETTER(unit, strcmp(c->unit, "haproxy.service") == 0)
GETTER(interface, strcmp(c->interface, "eth1") == 0)
GETTER(gateway, c->gateway.octets[3])

static const struct good_value {
    const char *key;
    const char *text;
    uint64_t (*get)(const struct config_check *);
    uint64_t expected;
} good_values[] = {
    {"type", HTTP, type, CHECK_HTTP},
    {"type", TCP, type, CHECK_TCP},
    {"type", EXEC, type, CHECK_EXEC},
    {"type", PROCESS, type, CHECK_PROCESS},
    {"type", FILE_, type, CHECK_FILE},
    {"type", UNIT, type, CHECK_UNIT},
    {"type", LINK, type, CHECK_LINK},
    {"type", GATEWAY, type, CHECK_GATEWAY},
    {"interval", TCP, interval, NS_PER_SEC},
    {"interval", TCP "interval = 50ms\n", interval, 50 * NS_PER_MS},
    {"timeout", TCP, timeout, NS_PER_SEC},
    {"timeout", TCP "interval = 1h\n", timeout, 3 * NS_PER_SEC},
    {"timeout", TCP "interval = 1h\ntimeout = 1h\n", timeout, 3600 * NS_PER_SEC},
    {"timeout", EXEC "timeout = 1h\n", timeout, 3600 * NS_PER_SEC},
    {"rise", TCP, rise, 2},
    {"rise", LINK, rise, 1},
    {"rise", LINK "rise = 7\n", rise, 7},
    {"fall", TCP, fall, 3},
    {"fall", FILE_, fall, 1},
    {"fall", TCP "fall = 1\n", fall, 1},
    {"weight", TCP, weight, 1000},
    {"weight", TCP "weight = -60\n", weight, 940},
    {"weight", TCP "weight = +253\n", weight, 1253},
    {"initially", TCP, initially, CHECK_PENDING},
    {"initially", TCP "initially = failing\n", initially, CHECK_FAILING},
    {"url", HTTP, url, 17},
    {"method", HTTP, method, 0},
    {"method", HTTP "method = HEAD\n", method, 1},
    {"expect-status", HTTP, status_low, 200},
    {"expect-status", HTTP "expect-status = 404, 500-503\n", status_count, 2},
    {"expect-status", HTTP "expect-status = 404, 500-503\n", status_low, 404},
    {"expect-status", HTTP "expect-status = 404, 500-503\n", status_high, 503},
    {"expect-body", HTTP "expect-body = all good\n", body, 1},
    {"unix-socket", HTTP "unix-socket = /s\n", unix_socket, 1},
    {"tls-verify", HTTP, tls_verify, 1},
    {"tls-verify", HTTP "tls-verify = no\n", tls_verify, 0},
    {"tls-ca", HTTP "tls-ca = /ca\n", tls_ca, 1},
    {"tls-cert", HTTP "tls-cert = /cert\n", tls_cert, 1},
    {"tls-key", HTTP "tls-cert = /cert\ntls-key = /key\n", tls_key, 1},
    {"connect", TCP, port, 80},
    {"connect", "[check app]\ntype = tcp\nconnect = [::1]:65535\n", port, 65535},
    {"connect", "[check app]\ntype = tcp\nconnect = [::1]:65535\n", endpoint_family,
     IP_FAMILY_IPV6},
    {"send", TCP "send = a\\r\\n\\t\\\\\\x00\\xFe\n", send_size, 7},
    {"send", TCP "send = a\\r\\n\\t\\\\\\x00\\xFe\n", send_octets, 1},
    {"expect", TCP "expect = +PONG\n", expect, 1},
    {"command", EXEC, word_count, 1},
    {"command", "[check app]\ntype = exec\ncommand = /bin/a 'b c'  \"d\\\"e\" f\\ \\\\g '' h'i'\n",
     word_count, 6},
    {"command", "[check app]\ntype = exec\ncommand = /bin/a 'b c'  \"d\\\"e\" f\\ \\\\g '' h'i'\n",
     words, 1},
    {"command", "[check app]\ntype = exec\ncommand = /bin/a b\n  c d\n", word_count, 4},
    {"user", EXEC "user = nobody\n", user, 1},
    {"pid-file", "[check app]\ntype = process\npid-file = /run/p.pid\n", pid_file, 1},
    {"executable", PROCESS, executable, 1},
    {"path", FILE_, path, 1},
    {"content", FILE_, content, CONTENT_PRESENT},
    {"content", FILE_ "content = number\n", content, CONTENT_NUMBER},
    {"content", FILE_ "content = zero\n", content, CONTENT_ZERO},
    {"unit", UNIT, unit, 1},
    {"interface", LINK, interface, 1},
    {"address", GATEWAY, gateway, 1},
};

static void good_values_arrive(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(good_values) / sizeof(good_values[0]); i++) {
        const struct good_value *good = &good_values[i];
        struct config *config = read_good(good->text);
        uint64_t got = good->get(config_find_check(config, "app"));

        if (got != good->expected)
            fail_msg("%sgot %ju, want %ju", good->text, (uintmax_t)got, (uintmax_t)good->expected);
        config_free(config);
    }
}

static const struct mistake {
    const char *text;
    const char *problems[PROBLEMS_MAX]; /* how each begins, in order; no more may come */
} mistakes[] = {
    {"[check app]\n", {"t.conf:1: " APP "type: missing, expected http, tcp"}},
    {"[check app]\ntype = htpp\n", {"t.conf:2: " APP "type: found 'htpp', expected http"}},
    {"[check]\n", {"t.conf:1: [check]: the check has no name, expected [check NAME]"}},
    {"[check a/b]\ntype = x\n",
     {"t.conf:1: [check a/b]: expected a check name", "t.conf:2: [check a/b] type: found 'x'"}},
    {LINK LINK, {"t.conf:4: [check app]: a second time, the first is at t.conf:1"}},
    {HTTP "interval = 1\n", {LINE "interval: found '1' without a unit, expected"}},
    {TCP "timeout = 0s\n", {LINE "timeout: found '0s', expected"}},
    {TCP "timeout = 2s\n", {LINE "timeout: longer than the interval"}},
    {LINK "timeout = 1s\n", {LINE "timeout: a key of type http, tcp, exec or gateway, this"}},
    {TCP "rise = 0\n", {LINE "rise: found '0', expected"}},
    {TCP "fall = 1001\n", {LINE "fall: found '1001', expected"}},
    {TCP "weight = 0\n", {LINE "weight: found '0', expected a number from -253 to 253 other"}},
    {TCP "weight = 254\n", {LINE "weight: found '254', expected"}},
    {TCP "weight = --1\n", {LINE "weight: found '--1', expected"}},
    {TCP "initially = good\n", {LINE "initially: found 'good', expected pending"}},
    {"[check app]\ntype = http\n", {"t.conf:1: " APP "url: missing, expected a URL"}},
    {"[check app]\ntype = http\nurl = ftp://h/\n",
     {"t.conf:3: " APP "url: found 'ftp://h/', expected a URL that begins with http://"}},
    {HTTP "method = get\n", {LINE "method: found 'get', expected"}},
    {HTTP "expect-status = 2xx\n", {LINE "expect-status: found '2xx', expected"}},
    {HTTP "expect-status = 300-200\n", {LINE "expect-status: found '300-200', expected"}},
    {HTTP "expect-status = 99\n", {LINE "expect-status: found '99', expected"}},
    {HTTP "expect-status = ,\n", {LINE "expect-status: found ',', expected"}},
    {HTTP "expect-body =\n", {LINE "expect-body: found nothing, expected"}},
    {HTTP "expect-body = x\nmethod = HEAD\n", {LINE "expect-body: an answer to HEAD has no body"}},
    {HTTP "unix-socket = s\n", {LINE "unix-socket: found 's', expected"}},
    {HTTP "tls-verify = on\n", {LINE "tls-verify: found 'on', expected"}},
    {HTTP "tls-ca = ca\n", {LINE "tls-ca: found 'ca', expected"}},
    {HTTP "tls-cert = c\n", {LINE "tls-cert: found 'c', expected"}},
    {HTTP "tls-cert = /c\ntls-key = k\n", {"t.conf:5: " APP "tls-key: found 'k', expected"}},
    {HTTP "tls-key = /k\n", {LINE "tls-key: without effect alone"}},
    {"[check app]\ntype = tcp\n", {"t.conf:1: " APP "connect: missing"}},
    {"[check app]\ntype = tcp\nconnect = localhost:80\n",
     {"t.conf:3: " APP "connect: found 'localhost:80', expected an address and a port"}},
    {"[check app]\ntype = tcp\nconnect = ::1:80\n", {"t.conf:3: " APP "connect: found '::1:80'"}},
    {"[check app]\ntype = tcp\nconnect = [10.0.0.1]:80\n",
     {"t.conf:3: " APP "connect: found '[10.0.0.1]:80'"}},
    {"[check app]\ntype = tcp\nconnect = 10.0.0.1:0\n", {"t.conf:3: " APP "connect: found"}},
    {"[check app]\ntype = tcp\nconnect = 10.0.0.1:65536\n", {"t.conf:3: " APP "connect: found"}},
    {TCP "send = \\q\n", {LINE "send: found '\\q' with an unknown escape, expected"}},
    {TCP "send = \\x4\n", {LINE "send: found '\\x4' with an unknown escape, expected"}},
    {TCP "expect =\n", {LINE "expect: found nothing, expected"}},
    {HTTP "send = x\n", {LINE "send: a key of type tcp, this check is of type http"}},
    {"[check app]\ntype = exec\ncommand = true\n",
     {"t.conf:3: " APP "command: found 'true', expected the absolute path"}},
    {"[check app]\ntype = exec\ncommand = /bin/a 'b\n",
     {"t.conf:3: " APP "command: found '/bin/a 'b', the quote at column 8 is never closed"}},
    {"[check app]\ntype = exec\ncommand = /bin/a | /bin/b\n",
     {"t.conf:3: " APP "command: found '/bin/a | /bin/b', "}},
    {EXEC "user = a b\n", {LINE "user: found 'a b', expected a user name"}},
    {"[check app]\ntype = process\n",
     {"t.conf:1: " APP "pid-file: missing, expected pid-file or executable"}},
    {"[check app]\ntype = process\npid-file = p\n", {"t.conf:3: " APP "pid-file: found 'p'"}},
    {"[check app]\ntype = process\nexecutable = /usr/sbin/haproxy\n",
     {"t.conf:3: " APP "executable: found '/usr/sbin/haproxy', expected the name of a program"}},
    {"[check app]\ntype = file\npath = flag\n", {"t.conf:3: " APP "path: found 'flag', expected"}},
    {FILE_ "content = yes\n", {LINE "content: found 'yes', expected present"}},
    {"[check app]\ntype = unit\nunit = haproxy\n",
     {"t.conf:3: " APP "unit: found 'haproxy', expected the name of a unit"}},
    {"[check app]\ntype = link\n", {"t.conf:1: " APP "interface: missing"}},
    {"[check app]\ntype = link\ninterface = a/b\n", {"t.conf:3: " APP "interface: found 'a/b'"}},
    {"[check app]\ntype = gateway\n",
     {"t.conf:1: " APP "address: missing", "t.conf:1: " APP "interface: missing"}},
    {"[check app]\ntype = gateway\ninterface = eth0\naddress = 192.0.2.1/24\n",
     {"t.conf:4: " APP "address: found '192.0.2.1/24', expected one address"}},
    {LINK "intervall = 1s\n", {LINE "intervall: unknown key, did you mean 'interval'?"}},
    {LINK INSTANCE "track = ap\n",
     {"t.conf:8: [instance web] track: there is no [check ap], did you mean 'app'?"}},
    {LINK INSTANCE "track = zzz\n[node]\ntrack = zzz\n",
     {"t.conf:10: [node] track: there is no [check zzz]"}},
    {LINK INSTANCE "track = app, app\n",
     {"t.conf:8: [instance web] track: found 'app' a second time"}},
};

static void mistakes_are_named_where_they_are(void **state)
{
    char line[512];

    (void)state;
    for (size_t i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]); i++) {
        const struct mistake *mistake = &mistakes[i];
        struct config_problems problems;
        size_t wanted = 0;

        assert_null(parse_text(mistake->text, &problems));
        while (wanted < PROBLEMS_MAX && mistake->problems[wanted] != NULL)
            wanted++;
        for (size_t j = 0; j < problems.count; j++) {
            config_problem_format(&problems.list[j], line, sizeof(line));
            if (j >= wanted ||
                strncmp(line, mistake->problems[j], strlen(mistake->problems[j])) != 0)
                fail_msg("%s\ngot  %s\nwant %s", mistake->text, line,
                         j < wanted ? mistake->problems[j] : "nothing more");
        }
        assert_int_equal(problems.count, wanted);
        config_problems_free(&problems);
    }
}

/* A key without a row above would be a key that nobody has tried. */
static void the_tables_have_every_key(void **state)
{
    (void)state;
    for (size_t i = 0; i < CHECK_KEYS; i++) {
        const char *name = config_check_keys[i].name;
        char wanted[64];
        bool good = false;
        bool bad = false;

        snprintf(wanted, sizeof(wanted), APP "%s: found ", name);
        for (size_t j = 0; j < sizeof(good_values) / sizeof(good_values[0]); j++)
            good = good || strcmp(good_values[j].key, name) == 0;
        for (size_t j = 0; j < sizeof(mistakes) / sizeof(mistakes[0]); j++)
            bad = bad || strstr(mistakes[j].problems[0], wanted) != NULL;
        if (!good || !bad)
            fail_msg("no %s value of %s", good ? "bad" : "good", name);
    }
}

static void the_checks_of_the_node_come_behind_those_of_an_instance(void **state)
{
    struct config *config =
        read_good("[node]\ntrack = a, b\n[check a]\ntype = link\ninterface = x\n[check b]\n"
                  "type = link\ninterface = x\n[check c]\ntype = link\ninterface = x\n" INSTANCE
                  "track = c, b\n");
    const struct config_names *track = &config->instances[0].track;

    (void)state;
    assert_int_equal(track->count, 3);
    assert_string_equal(track->list[0], "c");
    assert_string_equal(track->list[1], "b");
    assert_string_equal(track->list[2], "a");
    config_free(config);
}

static void two_readings_of_one_text_are_equal(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(good_values) / sizeof(good_values[0]); i++) {
        struct config *a = read_good(good_values[i].text);
        struct config *b = read_good(good_values[i].text);

        assert_true(config_check_equal(&a->checks[0], &b->checks[0]));
        assert_false(config_check_restarts(&a->checks[0], &b->checks[0]));
        config_free(a);
        config_free(b);
    }
}

static void what_is_looked_at_starts_anew_and_how_often_does_not(void **state)
{
    struct config *before = read_good(TCP);
    struct config *weighted = read_good(TCP "weight = -5\nfall = 9\ninterval = 2s\n");
    struct config *elsewhere = read_good("[check app]\ntype = tcp\nconnect = 127.0.0.1:81\n");

    (void)state;
    assert_false(config_check_equal(&before->checks[0], &weighted->checks[0]));
    assert_false(config_check_restarts(&before->checks[0], &weighted->checks[0]));
    assert_true(config_check_restarts(&before->checks[0], &elsewhere->checks[0]));
    config_free(before);
    config_free(weighted);
    config_free(elsewhere);
}

static void their_number_is_bounded(void **state)
{
    const size_t each = 64;
    char *text = calloc(CHECKS_MAX + 2, each);
    struct config_problems problems;
    size_t used = 0;

    (void)state;
    assert_non_null(text);
    for (int i = 0; i <= CHECKS_MAX; i++)
        used += (size_t)snprintf(text + used, each, "[check c%d]\ntype = link\ninterface = x\n", i);
    assert_null(parse_text(text, &problems));
    assert_int_equal(problems.count, 1);
    assert_non_null(strstr(problems.list[0].text, "too many checks, at most 256"));
    config_problems_free(&problems);
    free(text);
}

/* The words of vipd.conf(5). */
static void a_reload_starts_checks_anew_and_restarts_instances(void **state)
{
    const struct config_section *check = config_schema_check();
    const struct config_section *instance = config_schema_instance();

    (void)state;
    assert_string_equal(config_reload_name(check, config_schema_key(check, "type")->reload),
                        "starts the check anew");
    assert_string_equal(config_reload_name(check, config_schema_key(check, "rise")->reload),
                        "in place");
    assert_string_equal(config_reload_name(instance, config_schema_key(instance, "vrid")->reload),
                        "restarts the instance");
    assert_string_equal(config_reload_name(config_schema_group(), RELOAD_RESTART),
                        "restarts its instances");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_values_arrive),
        cmocka_unit_test(mistakes_are_named_where_they_are),
        cmocka_unit_test(the_tables_have_every_key),
        cmocka_unit_test(the_checks_of_the_node_come_behind_those_of_an_instance),
        cmocka_unit_test(two_readings_of_one_text_are_equal),
        cmocka_unit_test(what_is_looked_at_starts_anew_and_how_often_does_not),
        cmocka_unit_test(their_number_is_bounded),
        cmocka_unit_test(a_reload_starts_checks_anew_and_restarts_instances),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
