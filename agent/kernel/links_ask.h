/*
 * Questions to the kernel about links and addresses. The answers go to the callback that the socket
 * has (libnl's NL_CB_VALID), all before the call returns, which can take as long as somebody keeps
 * the kernel's lock. Nothing is logged: some are asked by a thread.
 */
#ifndef AGENT_KERNEL_LINKS_ASK_H
#define AGENT_KERNEL_LINKS_ASK_H

struct nl_sock;

/* libnl's error as an errno. */
int links_errno(int nl_error);

/* For all links and addresses. 0, -EAGAIN (changes kept interrupting the answer), or another
 * negative errno. */
int links_ask_all(struct nl_sock *requests);

/* For all addresses; the same. */
int links_ask_addresses(struct nl_sock *requests);

#endif
