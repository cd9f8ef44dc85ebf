/* Messages arrive with all their fields; and whoever does not read them keeps nobody waiting. In a
 * /run of our own, where the test is the journal. */
#include "agent/base/log.h"
#include "agent/base/log_journal.h"
#include "agent/base/message_ids.h"
#include "lib/limits.h"
#include "tests/unit/agent/netns.h"

#include <endian.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

enum {
    /* A test that waits is ended by SIGALRM. */
    LIMIT_S = 20,
    TEXT_SIZE = 65536,
};

static int own_stderr = -1;

static void stderr_is(int fd)
{
    fflush(stderr);
    assert_true(dup2(fd, STDERR_FILENO) >= 0);
}

static void stderr_is_the_journals(int fd)
{
    char text[64];
    struct stat st;

    assert_int_equal(fstat(fd, &st), 0);
    snprintf(text, sizeof(text), "%llu:%llu", (unsigned long long)st.st_dev,
             (unsigned long long)st.st_ino);
    assert_int_equal(setenv("JOURNAL_STREAM", text, 1), 0);
    stderr_is(fd);
}

static int open_journal(void)
{
    const struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = LOG_JOURNAL_SOCKET};
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);

    (void)unlink(LOG_JOURNAL_SOCKET);
    assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    return fd;
}

/* What there is to read now, terminated. */
static const char *read_text(int fd)
{
    static char text[TEXT_SIZE];
    ssize_t n = read(fd, text, sizeof(text) - 1);

    text[n > 0 ? n : 0] = '\0';
    return text;
}

static void fill(int fd)
{
    static const char octets[512];

    while (write(fd, octets, sizeof(octets)) > 0)
        ;
}

static void drain(int fd)
{
    char octets[TEXT_SIZE];

    while (read(fd, octets, sizeof(octets)) > 0)
        ;
}

static void assert_text(const char *text, const char *expected)
{
    assert_string_equal(text, expected);
}

static int set_up(void **state)
{
    (void)state;
    own_stderr = dup(STDERR_FILENO);
    (void)unlink(LOG_JOURNAL_SOCKET);
    alarm(LIMIT_S);
    return own_stderr < 0;
}

static int tear_down(void **state)
{
    (void)state;
    alarm(0);
    (void)unsetenv("JOURNAL_STREAM");
    (void)dup2(own_stderr, STDERR_FILENO);
    close(own_stderr);
    return 0;
}

static void a_transition_has_every_field(void **state)
{
    struct transition transition = {
        .from = VRRP_BACKUP, .to = VRRP_MASTER, .reason = REASON_PREEMPTED};
    char expected[1024];
    char text[REASON_TEXT_SIZE];
    int null = open("/dev/null", O_WRONLY);
    int journal = open_journal();

    (void)state;
    transition.evidence.peer = prefix_of("192.0.2.7/24").address;
    stderr_is_the_journals(null);
    log_transition("web", &transition);
    snprintf(expected, sizeof(expected),
             "PRIORITY=5\nVIPD_INSTANCE=web\nMESSAGE_ID=%s\n"
             "VIPD_STATE=MASTER\nVIPD_PREVIOUS_STATE=BACKUP\nVIPD_REASON=preempted\n"
             "VIPD_PEER=192.0.2.7\nMESSAGE=web: BACKUP -> MASTER: %s\n"
             "SYSLOG_IDENTIFIER=test_log\n",
             MESSAGE_ID_TRANSITION, reason_text(&transition, text, sizeof(text)));
    assert_text(read_text(journal), expected);
    log_msg(LOG_ERR, "number %d", 3);
    assert_text(read_text(journal), "PRIORITY=3\nMESSAGE=number 3\nSYSLOG_IDENTIFIER=test_log\n");
    close(journal);
    close(null);
}

static void a_value_of_several_lines_stays_one(void **state)
{
    static const char value[] = "first\nsecond";
    static const char head[] = "PRIORITY=6\nMESSAGE\n";
    int null = open("/dev/null", O_WRONLY);
    int journal = open_journal();
    uint64_t length_le;

    (void)state;
    stderr_is_the_journals(null);
    log_msg(LOG_INFO, "%s", value);
    const char *text = read_text(journal);
    assert_memory_equal(text, head, strlen(head));
    text += strlen(head);
    memcpy(&length_le, text, sizeof(length_le));
    assert_int_equal(le64toh(length_le), strlen(value));
    assert_text(text + sizeof(length_le), "first\nsecond\nSYSLOG_IDENTIFIER=test_log\n");
    close(journal);
    close(null);
}

static void what_does_not_fit_is_cut_or_left_out(void **state)
{
    static char wide[LOG_JOURNAL_RECORD_SIZE];
    struct log_journal_record record = {.used = 0};

    (void)state;
    memset(wide, 'x', sizeof(wide) - 1);
    log_journal_add(&record, "A", "%s", wide);
    assert_int_equal(record.used, 2 + LOG_JOURNAL_VALUE_SIZE - 1 + 1);
    log_journal_add(&record, "B", "%s", wide);
    assert_int_equal(record.used, 2 + LOG_JOURNAL_VALUE_SIZE - 1 + 1);
    log_journal_add(&record, "C", "1");
    assert_memory_equal(record.octets + record.used - 5, "\nC=1\n", 5);
}

/* Fills what stderr leads to; lines are lost; then the reader is back. */
static void lines_are_lost_and_told(int reader, int writer)
{
    assert_true(fcntl(writer, F_SETFL, O_NONBLOCK) == 0);
    fill(writer);
    /* As it is given to us: it is not ours to change. */
    assert_true(fcntl(writer, F_SETFL, 0) == 0);
    stderr_is(writer);
    for (unsigned i = 0; i < 3; i++)
        log_msg(LOG_INFO, "lost");
    assert_int_equal(fcntl(writer, F_GETFL) & O_NONBLOCK, 0);
    drain(reader);
    log_instance(LOG_INFO, "web", "heard");
    assert_text(read_text(reader), "warning: 3 messages were lost: standard error did not take "
                                   "them\ninfo: web: heard\n");
}

static void a_pipe_that_nobody_reads_is_not_waited_for(void **state)
{
    int ends[2];

    (void)state;
    assert_int_equal(pipe(ends), 0);
    assert_true(fcntl(ends[0], F_SETFL, O_NONBLOCK) == 0);
    lines_are_lost_and_told(ends[0], ends[1]);
    close(ends[0]);
    close(ends[1]);
}

static void nor_is_one_that_cannot_be_opened_again(void **state)
{
    assert_int_equal(mount("tmpfs", "/proc", "tmpfs", 0, NULL), 0);
    a_pipe_that_nobody_reads_is_not_waited_for(state);
    assert_int_equal(umount("/proc"), 0);
}

static void nor_a_socket(void **state)
{
    int ends[2];
    char text[256];
    size_t used = 0;

    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    assert_true(fcntl(ends[0], F_SETFL, O_NONBLOCK) == 0);
    assert_true(fcntl(ends[1], F_SETFL, O_NONBLOCK) == 0);
    fill(ends[1]);
    assert_true(fcntl(ends[1], F_SETFL, 0) == 0);
    stderr_is(ends[1]);
    log_msg(LOG_INFO, "lost");
    drain(ends[0]);
    log_msg(LOG_INFO, "heard");
    for (ssize_t n; (n = read(ends[0], text + used, sizeof(text) - 1 - used)) > 0;)
        used += (size_t)n;
    text[used] = '\0';
    assert_text(text, "warning: 1 message was lost: standard error did not take it\ninfo: heard\n");
    close(ends[0]);
    close(ends[1]);
}

static void a_journal_that_hangs_is_not_waited_for(void **state)
{
    int null = open("/dev/null", O_WRONLY);
    int journal = open_journal();
    unsigned received = 0;
    unsigned lost = 0;

    (void)state;
    stderr_is_the_journals(null);
    for (unsigned i = 0; i < 5000; i++)
        log_msg(LOG_INFO, "line");
    while (strstr(read_text(journal), "MESSAGE=line\n") != NULL)
        received++;
    assert_in_range(received, 1, 4999);
    /* It goes again: told without a further message, once. */
    log_retry(NS_PER_SEC);
    assert_int_equal(sscanf(read_text(journal),
                            "PRIORITY=4\n"
                            "MESSAGE=%u messages were lost: the journal did not take them\n",
                            &lost),
                     1);
    assert_int_equal(received + lost, 5000);
    log_retry(3 * NS_PER_SEC);
    assert_text(read_text(journal), "");
    close(journal);
    close(null);
}

static void a_journal_may_go_and_come_back(void **state)
{
    int ends[2];

    (void)state;
    assert_int_equal(pipe2(ends, O_NONBLOCK), 0);
    stderr_is_the_journals(ends[1]);
    log_msg(LOG_INFO, "before");
    assert_text(read_text(ends[0]), "info: before\n");
    for (unsigned i = 0; i < 2; i++) {
        int journal = open_journal();

        log_msg(LOG_INFO, "there");
        assert_non_null(strstr(read_text(journal), "MESSAGE=there\n"));
        assert_text(read_text(ends[0]), "");
        /* Its path is left behind: nobody listens. */
        close(journal);
        log_msg(LOG_INFO, "gone");
        assert_text(read_text(ends[0]), "info: gone\n");
    }
    close(ends[0]);
    close(ends[1]);
}

/* Mounts of our own that nobody else sees. In a chroot "/" is no mount point, so its propagation is
 * changed from the namespace's own root, and then the chroot is entered again. */
static bool own_mounts(void)
{
    if (unshare(CLONE_NEWNS) < 0)
        return false;
    int root = open("/", O_PATH | O_DIRECTORY);
    int namespace = open("/proc/self/ns/mnt", O_RDONLY);
    bool good = setns(namespace, CLONE_NEWNS) == 0 &&
                mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 && fchdir(root) == 0 &&
                chroot(".") == 0;

    close(namespace);
    close(root);
    return good;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_transition_has_every_field, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_value_of_several_lines_stays_one, set_up, tear_down),
        cmocka_unit_test(what_does_not_fit_is_cut_or_left_out),
        cmocka_unit_test_setup_teardown(a_pipe_that_nobody_reads_is_not_waited_for, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(nor_is_one_that_cannot_be_opened_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nor_a_socket, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_journal_that_hangs_is_not_waited_for, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_journal_may_go_and_come_back, set_up, tear_down),
    };

    netns_need();
    if (!own_mounts() || mount("tmpfs", "/run", "tmpfs", 0, NULL) < 0 ||
        mkdir("/run/systemd", 0755) < 0 || mkdir("/run/systemd/journal", 0755) < 0) {
        perror("cannot make a /run of our own");
        return 1;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
