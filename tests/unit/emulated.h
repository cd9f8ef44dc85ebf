/*
 * Unit tests of another architecture are run by QEMU's user mode, which says so with VIPD_EMULATED
 * in the environment (tests/packaging/emulated). It translates system calls one by one, and has not
 * all of them: who needs what it lacks is left out there, and there alone, with a line that says
 * what.
 */
#ifndef TESTS_EMULATED_H
#define TESTS_EMULATED_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

enum { EXIT_EMULATED = 77 }; /* of main(): skipped */

/* Instructions take ten times as long and more: no bound on time means anything. */
static inline bool is_emulated(void)
{
    return getenv("VIPD_EMULATED") != NULL;
}

/* True where QEMU runs us; then the reason is told. Call skip(), or end with EXIT_EMULATED. */
static inline bool emulated_without(const char *what)
{
    if (is_emulated())
        fprintf(stderr, "skipped: QEMU's user mode has no %s\n", what);
    return is_emulated();
}

#endif
