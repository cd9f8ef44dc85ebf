/*
 * What this process may do beyond what its user may. The unit starts vipd as a user of its own with
 * CAP_NET_ADMIN and CAP_NET_RAW, which it needs as long as it runs: links come and go, and with
 * them sockets. Started as root it has everything, and keeps what it has a use for. Nothing of it
 * is for the programs that it runs.
 */
#ifndef AGENT_BASE_PRIVILEGES_H
#define AGENT_BASE_PRIVILEGES_H

#include <stdint.h>

/* Bits of capabilities, by their numbers. */
uint64_t privileges_kept(void);

/* First of all, before there are threads: nothing is left that we have no use for, nor anything
 * that a program would inherit. */
void privileges_reduce(void);

/* In each thread as soon as scheduling is set, which takes CAP_SYS_NICE where there is no limit for
 * it: not needed any longer. */
void privileges_settle(void);

/* In a new process, between fork() and execve(): none are left, and nothing that is run gets any,
 * not even root's programs or those with the set-user-ID bit. */
void privileges_give_up(void);

#endif
