/*
 * The ActiveState of systemd units over D-Bus. One connection to the system bus for all of them;
 * everything is asked for without waiting, and changes come as signals. Without a bus, or without
 * systemd on it, a check keeps its last verdict and says so; the connection is tried again at each
 * interval.
 */
#include "agent/checks/check.h"

#include "agent/base/priorities.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-bus.h>

#define SYSTEMD        "org.freedesktop.systemd1"
#define MANAGER        "org.freedesktop.systemd1.Manager"
#define MANAGER_PATH   "/org/freedesktop/systemd1"
#define UNIT_INTERFACE "org.freedesktop.systemd1.Unit"
#define UNIT_PREFIX    "/org/freedesktop/systemd1/unit"
#define PROPERTIES     "org.freedesktop.DBus.Properties"

/* The connection all unit checks share. */
struct unit_bus {
    sd_bus *bus;         /* NULL: none */
    uint64_t generation; /* of the connection: counts how often it was made */
};

struct unit_watch {
    char *path;          /* of the unit's object */
    uint64_t generation; /* the connection that the slots are of; 0: none */
    sd_bus_slot *changes;
    sd_bus_slot *owner;
    sd_bus_slot *question;
    char state[32]; /* as last heard; empty: not known */
};

static void hang_up(struct unit_bus *bus)
{
    bus->bus = sd_bus_close_unref(bus->bus);
}

static int open_shared(const struct check *check, void **out)
{
    (void)check;
    *out = calloc(1, sizeof(struct unit_bus));
    return *out != NULL ? 0 : -ENOMEM;
}

static void close_shared(void *shared)
{
    hang_up(shared);
    free(shared);
}

static struct unit_bus *bus_of(const struct check *check)
{
    return check_shared(check);
}

static void report(struct check *check)
{
    const struct unit_watch *watch = check->data;
    bool good = strcmp(watch->state, "active") == 0 || strcmp(watch->state, "reloading") == 0;

    check_result(check, good, "%s is %s", check->config.unit, watch->state);
}

static void take_state(struct check *check, sd_bus_message *message)
{
    struct unit_watch *watch = check->data;
    const char *state;
    int r = sd_bus_message_read(message, "v", "s", &state);

    if (r < 0) {
        check_note(check, "odd answer of systemd about %s: %s", check->config.unit, strerror(-r));
        return;
    }
    snprintf(watch->state, sizeof(watch->state), "%s", state);
    report(check);
}

static int on_answer(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
    struct check *check = userdata;
    struct unit_watch *watch = check->data;
    const sd_bus_error *refusal = sd_bus_message_get_error(message);

    (void)error;
    watch->question = sd_bus_slot_unref(watch->question);
    if (refusal != NULL) {
        watch->state[0] = '\0';
        check_note(check, "systemd does not tell of %s: %s", check->config.unit,
                   refusal->message != NULL ? refusal->message : refusal->name);
    } else {
        take_state(check, message);
    }
    return 0;
}

static int ask(struct check *check)
{
    struct unit_watch *watch = check->data;

    watch->question = sd_bus_slot_unref(watch->question);
    int r = sd_bus_call_method_async(bus_of(check)->bus, &watch->question, SYSTEMD, watch->path,
                                     PROPERTIES, "Get", on_answer, check, "ss", UNIT_INTERFACE,
                                     "ActiveState");
    return r < 0 ? r : 0;
}

/* The signal carries other properties too, and ActiveState may be merely invalidated: asking is
 * simple and rare. */
static int on_change(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
    struct check *check = userdata;

    (void)message;
    (void)error;
    int r = ask(check);
    if (r < 0)
        check_note(check, "cannot ask systemd: %s", strerror(-r));
    return 0;
}

static int on_subscribed(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
    (void)message;
    (void)userdata;
    (void)error;
    return 0; /* "already subscribed" is as good */
}

/* systemd sends signals to those who ask for them, once for a connection and life of systemd. */
static int subscribe(sd_bus *bus)
{
    int r = sd_bus_call_method_async(bus, NULL, SYSTEMD, MANAGER_PATH, MANAGER, "Subscribe",
                                     on_subscribed, NULL, "");

    return r < 0 ? r : 0;
}

/* systemd came, went, or was executed anew. */
static int on_owner(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
    struct check *check = userdata;
    struct unit_watch *watch = check->data;
    const char *name;
    const char *before;
    const char *after;

    (void)error;
    if (sd_bus_message_read(message, "sss", &name, &before, &after) < 0)
        return 0;
    if (*after != '\0') {
        (void)subscribe(bus_of(check)->bus);
        return on_change(message, userdata, error);
    }
    watch->state[0] = '\0';
    check_note(check, "systemd is not on the bus");
    return 0;
}

static void let_go(struct unit_watch *watch)
{
    watch->changes = sd_bus_slot_unref(watch->changes);
    watch->owner = sd_bus_slot_unref(watch->owner);
    watch->question = sd_bus_slot_unref(watch->question);
    watch->generation = 0;
    watch->state[0] = '\0';
}

/* The shared connection, made if it is not open. */
static int connect_bus(struct check *check)
{
    struct unit_bus *bus = bus_of(check);
    int r;

    if (bus->bus != NULL && sd_bus_is_open(bus->bus) > 0)
        return 0;
    hang_up(bus);
    r = sd_bus_open_system(&bus->bus);
    if (r >= 0)
        r = sd_bus_attach_event(bus->bus, check->ground->event, AGENT_PRIORITY_CHECKS);
    if (r >= 0)
        r = subscribe(bus->bus);
    if (r < 0)
        hang_up(bus);
    else
        bus->generation++;
    return r < 0 ? r : 0;
}

static int watch_unit(struct check *check)
{
    static const char owner_match[] =
        "type='signal',sender='org.freedesktop.DBus',interface='org.freedesktop.DBus',"
        "member='NameOwnerChanged',arg0='" SYSTEMD "'";
    struct unit_watch *watch = check->data;
    const struct unit_bus *bus = bus_of(check);
    int r;

    let_go(watch);
    r = sd_bus_match_signal_async(bus->bus, &watch->changes, SYSTEMD, watch->path, PROPERTIES,
                                  "PropertiesChanged", on_change, NULL, check);
    if (r >= 0)
        r = sd_bus_add_match_async(bus->bus, &watch->owner, owner_match, on_owner, NULL, check);
    if (r >= 0)
        r = ask(check);
    if (r < 0)
        let_go(watch);
    else
        watch->generation = bus->generation;
    return r < 0 ? r : 0;
}

static int open_check(struct check *check)
{
    struct unit_watch *watch = calloc(1, sizeof(*watch));

    if (watch == NULL)
        return -ENOMEM;
    check->data = watch;
    int r = sd_bus_path_encode(UNIT_PREFIX, check->config.unit, &watch->path);
    return r < 0 ? r : 0;
}

/* Nothing is asked again here: it repeats what is known, for rise and fall, or connects. */
static int run(struct check *check)
{
    struct unit_watch *watch = check->data;
    int r = connect_bus(check);

    if (r < 0) {
        let_go(watch);
        check_note(check, "no D-Bus system bus: %s", strerror(-r));
        return 0;
    }
    if (watch->generation != bus_of(check)->generation) {
        r = watch_unit(check);
        if (r < 0)
            check_note(check, "cannot watch %s: %s", check->config.unit, strerror(-r));
    } else if (watch->state[0] != '\0') {
        report(check);
    } else if (watch->question == NULL) {
        r = ask(check);
        if (r < 0)
            check_note(check, "cannot ask systemd: %s", strerror(-r));
    }
    return 0;
}

static void close_check(struct check *check)
{
    struct unit_watch *watch = check->data;

    if (watch == NULL)
        return;
    let_go(watch);
    free(watch->path);
    free(watch);
}

const struct check_ops check_unit_ops = {
    .open_shared = open_shared,
    .close_shared = close_shared,
    .open = open_check,
    .run = run,
    .close = close_check,
};
