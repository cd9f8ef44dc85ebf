/* Whose a message is, of virtual routers that share a VRID on one link. */
#include "agent/wire/roster.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { VRID = 51 };

static struct ip_address address(const char *text)
{
    struct ip_address out;

    assert_true(ip_address_parse(text, &out));
    return out;
}

/* A client and its one peer. */
struct user {
    struct ip_address peer;
    struct segment_client client;
};

static void make(struct user *user, const char *peer)
{
    *user = (struct user){.client = {.family = IP_FAMILY_IPV4, .vrid = VRID}};
    if (peer == NULL)
        return;
    user->peer = address(peer);
    user->client.unicast = true;
    user->client.peers = &user->peer;
    user->client.peer_count = 1;
}

static const struct segment_client *find(const struct roster *roster, const char *from,
                                         const char *to)
{
    const struct ip_address source = address(from);
    const struct ip_address destination = address(to);

    return roster_find(roster, VRID, &source, &destination);
}

static void alone_it_gets_everything(void **state)
{
    static struct roster roster;
    struct user one;

    (void)state;
    assert_null(find(&roster, "10.0.0.2", "224.0.0.18"));
    make(&one, "10.0.0.2");
    assert_true(roster_has_room(&roster, &one.client));
    roster_add(&roster, &one.client);
    assert_ptr_equal(find(&roster, "10.0.0.9", "10.0.0.1"), &one.client);
    assert_ptr_equal(find(&roster, "10.0.0.9", "224.0.0.18"), &one.client);
    assert_null(find(&roster, "fe80::2", "ff02::12"));
    roster_remove(&roster, &one.client);
    assert_null(find(&roster, "10.0.0.9", "224.0.0.18"));
}

static void peers_and_destination_tell(void **state)
{
    static struct roster roster;
    struct user one;
    struct user two;
    struct user many;

    (void)state;
    make(&one, "10.0.0.2");
    make(&two, "10.0.0.3");
    make(&many, NULL);
    roster_add(&roster, &many.client);
    roster_add(&roster, &one.client);
    roster_add(&roster, &two.client);
    assert_ptr_equal(find(&roster, "10.0.0.2", "10.0.0.1"), &one.client);
    assert_ptr_equal(find(&roster, "10.0.0.3", "10.0.0.1"), &two.client);
    /* A peer of both kinds. */
    assert_ptr_equal(find(&roster, "10.0.0.2", "224.0.0.18"), &many.client);
    /* What we have sent, and has come back. */
    assert_ptr_equal(find(&roster, "10.0.0.1", "10.0.0.3"), &two.client);
    /* A stranger's is refused by a unicast one. */
    assert_ptr_equal(find(&roster, "10.0.0.9", "10.0.0.1"), &one.client);
    roster_remove(&roster, &many.client);
    assert_ptr_equal(find(&roster, "10.0.0.9", "224.0.0.18"), &one.client);
    roster_remove(&roster, &one.client);
    assert_ptr_equal(find(&roster, "10.0.0.2", "10.0.0.1"), &two.client);
}

static void who_cannot_be_told_apart_has_no_room(void **state)
{
    static struct roster roster;
    struct user there;
    struct user other;

    (void)state;
    make(&there, "10.0.0.2");
    there.client.virtual_mac = true;
    roster_add(&roster, &there.client);
    make(&other, "10.0.0.2");
    assert_false(roster_has_room(&roster, &other.client));
    make(&other, "10.0.0.3");
    assert_true(roster_has_room(&roster, &other.client));
    other.client.virtual_mac = true;
    assert_false(roster_has_room(&roster, &other.client));
    make(&other, NULL);
    assert_true(roster_has_room(&roster, &other.client));
    roster_add(&roster, &other.client);
    make(&there, NULL);
    assert_false(roster_has_room(&roster, &there.client));
    there.client.family = IP_FAMILY_IPV6;
    assert_true(roster_has_room(&roster, &there.client));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(alone_it_gets_everything),
        cmocka_unit_test(peers_and_destination_tell),
        cmocka_unit_test(who_cannot_be_told_apart_has_no_room),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
