/* Descriptors of nothing, to be closed when one is needed; see reserve.h. */
#include "agent/control/reserve.h"

#include <fcntl.h>
#include <unistd.h>

void control_reserve_fill(struct control_reserve *reserve)
{
    while (reserve->count < CONTROL_RESERVE_MAX) {
        int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

        if (fd < 0)
            return;
        reserve->list[reserve->count++] = fd;
    }
}

bool control_reserve_spend(struct control_reserve *reserve)
{
    if (reserve->count == 0)
        return false;
    close(reserve->list[--reserve->count]);
    return true;
}

void control_reserve_free(struct control_reserve *reserve)
{
    while (control_reserve_spend(reserve))
        ;
}
