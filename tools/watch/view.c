/* What is shown; see view.h. */
#include "tools/watch/view.h"

#include "tools/watch/model.h"

#include <string.h>

static void hold(json_t **place, const json_t *value)
{
    json_decref(*place);
    *place = json_incref((json_t *)(uintptr_t)value);
}

void watch_view_take(struct watch_view *view, const struct watch_feed *feed, uint64_t now_ns)
{
    const json_t *status = watch_feed_status(feed);
    char identity[WATCH_IDENTITY_SIZE];

    if (status == NULL)
        return;
    if (!view->paused) {
        hold(&view->status, status);
        hold(&view->history, watch_feed_history(feed));
    }
    watch_identity(status, identity, sizeof(identity));
    if (view->identity[0] != '\0' && strcmp(view->identity, identity) != 0) {
        view->restarted = true;
        view->restarted_ns = now_ns;
    }
    memcpy(view->identity, identity, sizeof(identity));
}

void watch_view_end(struct watch_view *view)
{
    json_decref(view->status);
    json_decref(view->history);
}
