/* Link-layer headers of captures: where the packet begins, which way it went, and short frames. */
#include "tools/capture/link_layer.h"

#include "lib/packet/neighbour_message.h"

#include <pcap/pcap.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { FRAME_MAX = 64 };

struct sample {
    int datalink;
    uint8_t octets[FRAME_MAX];
    size_t size;
    size_t header;
    uint16_t ether_type;
    enum direction direction;
    unsigned ifindex;
};

static const struct sample samples[] = {
    {DLT_EN10MB, {[12] = 0x08, 0x06, 1, 2, 3}, 17, 14, ETHER_TYPE_ARP, DIRECTION_UNKNOWN, 0},
    {DLT_EN10MB,
     {[12] = 0x81, 0x00, 0, 5, 0x86, 0xdd, 0x60},
     19,
     18,
     ETHER_TYPE_IPV6,
     DIRECTION_UNKNOWN,
     0},
    {DLT_EN10MB,
     {[12] = 0x88, 0xa8, 0, 5, 0x81, 0x00, 0, 6, 0x08, 0x00, 0x45},
     23,
     22,
     ETHER_TYPE_IPV4,
     DIRECTION_UNKNOWN,
     0},
    {DLT_LINUX_SLL, {[1] = 4, [14] = 0x08, 0x00, 0x45}, 17, 16, ETHER_TYPE_IPV4, DIRECTION_OUT, 0},
    {DLT_LINUX_SLL, {[1] = 1, [14] = 0x08, 0x06, 0}, 17, 16, ETHER_TYPE_ARP, DIRECTION_IN, 0},
    {DLT_LINUX_SLL2,
     {[0] = 0x86, 0xdd, [4] = 0, 1, 0, 7, [10] = 4, [20] = 0x60},
     21,
     20,
     ETHER_TYPE_IPV6,
     DIRECTION_OUT,
     0x10007},
    {DLT_LINUX_SLL2,
     {[0] = 0x08, 0x06, [7] = 2, [20] = 0},
     21,
     20,
     ETHER_TYPE_ARP,
     DIRECTION_IN,
     2},
    {DLT_RAW, {0x45}, 1, 0, ETHER_TYPE_IPV4, DIRECTION_UNKNOWN, 0},
    {DLT_RAW, {0x60}, 1, 0, ETHER_TYPE_IPV6, DIRECTION_UNKNOWN, 0},
};

static void every_kind_is_read(void **state)
{
    struct link_frame frame;

    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        const struct sample *s = &samples[i];

        assert_true(link_layer_known(s->datalink));
        assert_true(link_layer_read(s->datalink, s->octets, s->size, &frame));
        assert_int_equal(frame.packet - s->octets, s->header);
        assert_int_equal(frame.size, s->size - s->header);
        assert_int_equal(frame.ether_type, s->ether_type);
        assert_int_equal(frame.direction, s->direction);
        assert_int_equal(frame.ifindex, s->ifindex);
    }
    assert_false(link_layer_known(DLT_IEEE802_11));
}

static void a_short_frame_is_refused(void **state)
{
    struct link_frame frame;

    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        size_t needed = samples[i].header > 0 ? samples[i].header : 1;

        for (size_t size = 0; size < needed; size++) {
            uint8_t *whole = malloc(size + 1);
            uint8_t *part = whole + 1; /* nothing behind its end, as ASan sees it */

            memcpy(part, samples[i].octets, size);
            assert_false(link_layer_read(samples[i].datalink, part, size, &frame));
            free(whole);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_is_read),
        cmocka_unit_test(a_short_frame_is_refused),
    };

    return cmocka_run_group_tests_name("link_layer", tests, NULL, NULL);
}
