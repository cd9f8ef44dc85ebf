/* Finding the functions; see curl_library.h. */
#include "agent/checks/curl_library.h"

#include <dlfcn.h>
#include <stddef.h>
#include <string.h>

#define LIBRARY "libcurl.so.4"

#define ROW(name)                                                                                  \
    {                                                                                              \
        "curl_" #name, offsetof(struct curl_library, name)                                         \
    }

static const struct {
    const char *symbol;
    size_t offset; /* of the pointer */
} rows[] = {
    ROW(global_init),         ROW(easy_init),     ROW(easy_setopt), ROW(easy_getinfo),
    ROW(easy_strerror),       ROW(easy_cleanup),  ROW(multi_init),  ROW(multi_add_handle),
    ROW(multi_remove_handle), ROW(multi_perform), ROW(multi_poll),  ROW(multi_info_read),
    ROW(multi_strerror),      ROW(multi_cleanup),
};

const char *curl_library_load(struct curl_library *out)
{
    void *library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);

    if (library == NULL)
        return dlerror();
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        void *function = dlsym(library, rows[i].symbol);

        if (function == NULL)
            return dlerror();
        memcpy((char *)out + rows[i].offset, &function, sizeof(function));
    }
    return out->global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK ? NULL
                                                             : LIBRARY " cannot be initialised";
}
