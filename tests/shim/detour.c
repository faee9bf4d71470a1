// A library for LD_PRELOAD that leads a program's way to some names elsewhere, so that a test can be a server on the
// Internet without any privilege.
//
// Names that end with DETOUR_NAME are found at an address that is public. Who connects to it at port 443 arrives at
// DETOUR_PORT of this machine. Everything else goes where it would.

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dlfcn.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

// Any public address will do: nothing is ever sent there.
#define PUBLIC "8.8.8.8"

int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints, struct addrinfo **found) {
    int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **);
    *(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
    const char *end = getenv("DETOUR_NAME");
    if (name && end) {
        size_t length = strlen(name), wanted = strlen(end);
        if (length >= wanted && strcmp(name + length - wanted, end) == 0) {
            name = PUBLIC;
        }
    }
    return real(name, service, hints, found);
}

int connect(int socket, const struct sockaddr *to, socklen_t length) {
    int (*real)(int, const struct sockaddr *, socklen_t);
    *(void **)&real = dlsym(RTLD_NEXT, "connect");
    const char *port = getenv("DETOUR_PORT");
    struct sockaddr_in other;
    if (port && to && to->sa_family == AF_INET && length >= sizeof other) {
        memcpy(&other, to, sizeof other);
        if (other.sin_addr.s_addr == inet_addr(PUBLIC) && other.sin_port == htons(443)) {
            other.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
            other.sin_port = htons((uint16_t)atoi(port));
            return real(socket, (struct sockaddr *)&other, sizeof other);
        }
    }
    return real(socket, to, length);
}
