/* What the type of a check decides. */
#include "lib/config/check.h"

#include <assert.h>

/* An answer that takes longer than this is no answer, however rarely it is asked for. */
#define TIMEOUT_NS_DEFAULT_MAX (3 * NS_PER_SEC)

enum {
    RISE_ASKED = 2,
    FALL_ASKED = 3,
    RISE_FALL_TOLD = 1, /* the kernel and systemd do not err */
};

struct type_row {
    const char *name;
    bool told;
};

static const struct type_row rows[CHECK_TYPES] = {
    [CHECK_HTTP] = {"http", false}, [CHECK_TCP] = {"tcp", false},
    [CHECK_EXEC] = {"exec", false}, [CHECK_PROCESS] = {"process", true},
    [CHECK_FILE] = {"file", true},  [CHECK_UNIT] = {"unit", true},
    [CHECK_LINK] = {"link", true},  [CHECK_GATEWAY] = {"gateway", false},
};

const char *check_type_name(enum check_type type)
{
    assert(type < CHECK_TYPES);
    return rows[type].name;
}

bool check_type_is_told(enum check_type type)
{
    assert(type < CHECK_TYPES);
    return rows[type].told;
}

void config_check_complete(struct config_check *check)
{
    bool told = check_type_is_told(check->type);

    if (check->timeout_ns == 0)
        check->timeout_ns = check->interval_ns < TIMEOUT_NS_DEFAULT_MAX ? check->interval_ns
                                                                        : TIMEOUT_NS_DEFAULT_MAX;
    if (check->rise == 0)
        check->rise = told ? RISE_FALL_TOLD : RISE_ASKED;
    if (check->fall == 0)
        check->fall = told ? RISE_FALL_TOLD : FALL_ASKED;
}

struct check_rule config_check_rule(const struct config_check *check)
{
    return (struct check_rule){
        .initially = check->initially, .rise = check->rise, .fall = check->fall};
}
