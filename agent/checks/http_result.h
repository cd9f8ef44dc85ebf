/* What one HTTP request brought: goes from the worker's thread to the event loop, whole or not at
 * all, through a pipe. */
#ifndef AGENT_CHECKS_HTTP_RESULT_H
#define AGENT_CHECKS_HTTP_RESULT_H

#include <stdbool.h>
#include <stdint.h>

enum { HTTP_RESULT_TEXT_SIZE = 160 };

struct http_result {
    uint64_t id; /* of the job */
    uint64_t serial;
    bool good;
    char text[HTTP_RESULT_TEXT_SIZE];
};

#endif
