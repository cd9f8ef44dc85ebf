/* Messages of clients of the control socket. */
#include "lib/control.h"
#include "tests/fuzz/fuzz.h"

#include <errno.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct control_request request;
    json_t *error;

    if (size > CONTROL_MESSAGE_BYTES_MAX)
        return 0;
    int r = control_request_parse((const char *)data, size, &request, &error);
    MUST(r == 0 || error != NULL || r == -EBADMSG);
    MUST(r != 0 || error == NULL);
    json_decref(error);
    return 0;
}
