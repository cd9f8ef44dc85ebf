/* One answer to come; see later.h. Freed when it is given, whether or not anybody still waits. */
#include "agent/control/later.h"

#include <stdlib.h>

struct control_later {
    void (*answer)(void *userdata, json_t *reply); /* NULL: the asker is gone */
    void *userdata;
};

struct control_later *control_later_new(void (*answer)(void *userdata, json_t *reply),
                                        void *userdata)
{
    struct control_later *later = malloc(sizeof(*later));

    if (later != NULL)
        *later = (struct control_later){.answer = answer, .userdata = userdata};
    return later;
}

void control_later_forget(struct control_later *later)
{
    if (later != NULL)
        later->answer = NULL;
}

void control_later_answer(struct control_later *later, json_t *reply)
{
    if (later != NULL && later->answer != NULL)
        later->answer(later->userdata, reply);
    else
        json_decref(reply);
    free(later);
}
