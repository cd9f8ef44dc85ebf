/* To add a type: a file that looks, its row here and in check.h, its keys in lib/config. */
#include "agent/checks/types.h"

static const struct check_ops *const rows[CHECK_TYPES] = {
    [CHECK_HTTP] = &check_http_ops, [CHECK_TCP] = &check_tcp_ops,
    [CHECK_EXEC] = &check_exec_ops, [CHECK_PROCESS] = &check_process_ops,
    [CHECK_FILE] = &check_file_ops, [CHECK_UNIT] = &check_unit_ops,
    [CHECK_LINK] = &check_link_ops, [CHECK_GATEWAY] = &check_gateway_ops,
};

const struct check_ops *check_type_ops(enum check_type type)
{
    return rows[type];
}
