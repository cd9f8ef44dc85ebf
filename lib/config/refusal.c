/* Wording what a value is not; see refusal.h. */
#include "lib/config/refusal.h"

#include "lib/config/lexer.h"
#include "lib/config/problem.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Whether " #" can be in a good value: then nothing hints at a comment. */
static bool is_free_text(enum config_value_type type)
{
    return type == VALUE_TEXT || type == VALUE_PATH || type == VALUE_KEPT_PATH ||
           type == VALUE_OCTETS || type == VALUE_WORDS || type == VALUE_COMMAND;
}

int config_refuse(const struct refusal *refusal, const char *remark)
{
    size_t length = strlen(refusal->text);
    char quoted[CONFIG_QUOTE_SIZE];

    if (*refusal->text == '\0') {
        snprintf(refusal->error, refusal->error_size, "found nothing, expected %s",
                 refusal->key->expected);
        return -EINVAL;
    }
    config_quote(refusal->text, length, quoted, sizeof(quoted));
    if (!is_free_text(refusal->key->type) && config_lexer_comment_in(refusal->text, length)) {
        snprintf(refusal->error, refusal->error_size,
                 "found '%s': a comment needs a line of its own", quoted);
        return -EINVAL;
    }
    snprintf(refusal->error, refusal->error_size, "found '%s'%s, expected %s", quoted, remark,
             refusal->key->expected);
    return -EINVAL;
}

int config_refuse_more(const struct refusal *refusal, const char *items, int max)
{
    snprintf(refusal->error, refusal->error_size, "too many %s, at most %d are possible", items,
             max);
    return -EINVAL;
}
