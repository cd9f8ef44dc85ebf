/*
 * libcurl, loaded when the first http check needs it: it brings some 30 libraries and doubles the
 * memory of a process that may never ask for a URL.
 */
#ifndef AGENT_CHECKS_CURL_LIBRARY_H
#define AGENT_CHECKS_CURL_LIBRARY_H

#include <curl/curl.h>

/* Options by their numbers: older headers have no name for the first two, newer ones warn of the
 * third. The library says of what it does not know. */
enum {
    CURL_OPTION_PROTOCOLS_STR = 10318, /* since 7.85 */
    CURL_OPTION_QUICK_EXIT = 322,      /* since 7.87 */
    CURL_OPTION_PROTOCOLS = 181,       /* bits: http 1, https 2 */
    CURL_PROTOCOLS_HTTP_AND_HTTPS = 3,
};

struct curl_library {
    __typeof__(curl_global_init) *global_init;
    __typeof__(curl_easy_init) *easy_init;
    CURLcode (*easy_setopt)(CURL *easy, CURLoption option, ...);
    CURLcode (*easy_getinfo)(CURL *easy, CURLINFO info, ...);
    __typeof__(curl_easy_strerror) *easy_strerror;
    __typeof__(curl_easy_cleanup) *easy_cleanup;
    __typeof__(curl_multi_init) *multi_init;
    __typeof__(curl_multi_add_handle) *multi_add_handle;
    __typeof__(curl_multi_remove_handle) *multi_remove_handle;
    __typeof__(curl_multi_perform) *multi_perform;
    __typeof__(curl_multi_poll) *multi_poll;
    __typeof__(curl_multi_info_read) *multi_info_read;
    __typeof__(curl_multi_strerror) *multi_strerror;
    __typeof__(curl_multi_cleanup) *multi_cleanup;
};

/* Loads it for good. NULL when all is well, else what is missing: static text, or that of the
 * dynamic linker, valid until it is called again. */
const char *curl_library_load(struct curl_library *out);

#endif
