/* One configuration from one text, or from two that are parted by a NUL. */
#include "tests/fuzz/config_checks.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > TEXT_MAX)
        return 0;
    size_t first = strnlen((const char *)data, size);
    size_t second = first < size ? first + 1 : size;
    char *texts[] = {copy_text(data, first), copy_text(data + second, size - second)};
    const struct config_source sources[] = {{"10-first.conf", texts[0]},
                                            {"20-second.conf", texts[1]}};

    config_free(parse_and_check(sources, first < size ? 2 : 1));
    free(texts[0]);
    free(texts[1]);
    return 0;
}
