/* Where the exporter listens: an address and port, or a path of a unix socket. */
#ifndef TOOLS_EXPORTER_LISTEN_H
#define TOOLS_EXPORTER_LISTEN_H

#define LISTEN_DEFAULT ":9560"

/* "ADDR:PORT", "[ADDR6]:PORT", ":PORT" (every address, of both families) or "unix:/path". A stale
 * unix socket is taken away first. The socket listens, closed on exec and non-blocking. Returns it,
 * or -1: said on stderr. */
int listen_open(const char *where);

/* Removes the socket file of a unix socket; nothing otherwise. */
void listen_remove(const char *where);

#endif
