/* One answer to come; see later.h. Freed when it is given, whether or not anybody still waits. */
#include "agent/control/later.h"

#include <stdlib.h>
#include <string.h>

enum { REAL_DIGITS = 12 };

struct control_later {
    void (*answer)(void *userdata, const char *text, size_t length); /* NULL: the asker is gone */
    void *userdata;
};

struct control_later *
control_later_new(void (*answer)(void *userdata, const char *text, size_t length), void *userdata)
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

char *control_later_text(json_t *reply)
{
    char *text = NULL;

    if (reply != NULL)
        text = json_dumps(reply, JSON_COMPACT | JSON_REAL_PRECISION(REAL_DIGITS));
    json_decref(reply);
    return text;
}

void control_later_answer_text(struct control_later *later, const char *text, size_t length)
{
    if (later != NULL && later->answer != NULL)
        later->answer(later->userdata, text, length);
    free(later);
}

void control_later_answer(struct control_later *later, json_t *reply)
{
    char *text = control_later_text(reply);

    control_later_answer_text(later, text, text != NULL ? strlen(text) : 0);
    free(text);
}
