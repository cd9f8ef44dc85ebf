/* One vipd in a network namespace: who has the lock, and who only has its name. */
#include "agent/base/namespace_lock.h"
#include "tests/unit/agent/netns.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <sys/wait.h>
#include <unistd.h>

enum { UID_OF_A_PERSON = 65534 };

static void the_second_one_is_told_who_is_the_first(void **state)
{
    pid_t holder = 0;
    int first;
    int second;

    (void)state;
    netns_enter();
    assert_false(namespace_lock_is_held(&holder));
    assert_int_equal(namespace_lock_take(&first, &holder), 0);
    assert_true(first >= 0);
    /* More than once: who asks leaves no trace that matters. */
    for (int i = 0; i < 200; i++) {
        holder = 0;
        assert_int_equal(namespace_lock_take(&second, &holder), -EEXIST);
        assert_int_equal(second, -1);
        assert_int_equal(holder, getpid());
    }
    assert_true(namespace_lock_is_held(&holder));
    close(first);
    assert_int_equal(namespace_lock_take(&second, &holder), 0);
    assert_true(second >= 0);
    close(second);
}

static void each_namespace_has_its_own(void **state)
{
    pid_t holder = 0;
    int here;
    int there;

    (void)state;
    netns_enter();
    assert_int_equal(namespace_lock_take(&here, &holder), 0);
    netns_enter();
    assert_false(namespace_lock_is_held(&holder));
    assert_int_equal(namespace_lock_take(&there, &holder), 0);
    assert_true(here >= 0 && there >= 0);
    close(here);
    close(there);
}

/* Ends with 0 when it has the lock; the name stays taken until `hold` is closed by the parent. */
static pid_t take_as_a_person(int ready, const int hold[2])
{
    pid_t child = fork();
    pid_t holder = 0;
    char octet = 0;
    int fd = -1;

    assert_true(child >= 0);
    if (child > 0)
        return child;
    close(hold[1]);
    if (setuid(UID_OF_A_PERSON) != 0 || namespace_lock_take(&fd, &holder) != 0 || fd < 0)
        _exit(1);
    if (write(ready, &octet, 1) != 1 || read(hold[0], &octet, 1) != 0)
        _exit(1);
    _exit(0);
}

static void a_person_who_takes_the_name_keeps_nobody_out(void **state)
{
    pid_t holder = 0;
    int ready[2];
    int hold[2];
    int status = -1;
    char octet;
    int fd = 0;

    (void)state;
    netns_enter();
    assert_int_equal(pipe(ready), 0);
    assert_int_equal(pipe(hold), 0);
    pid_t child = take_as_a_person(ready[1], hold);
    close(ready[1]);
    assert_int_equal(read(ready[0], &octet, 1), 1);
    assert_false(namespace_lock_is_held(&holder));
    assert_int_equal(namespace_lock_take(&fd, &holder), 0);
    assert_int_equal(fd, -1);
    close(hold[0]);
    close(hold[1]);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    close(ready[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_second_one_is_told_who_is_the_first),
        cmocka_unit_test(each_namespace_has_its_own),
        cmocka_unit_test(a_person_who_takes_the_name_keeps_nobody_out),
    };

    netns_need();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
