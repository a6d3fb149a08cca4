// The options of -netdev user, with QEMU's names and defaults: the guest's network is 10.0.2.0/24,
// the host is .2, the name server .3, the first address given out .15.
#include "net/slirp.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const known[] = {
    "type",      "id",          "ipv4",           "ipv6",      "net",
    "host",      "restrict",    "hostname",       "dhcpstart", "dns",
    "dnssearch", "domainname",  "tftp",           "bootfile",  "hostfwd",
    "ipv6-host", "ipv6-prefix", "ipv6-prefixlen", "ipv6-dns",  "tftp-server-name",
    NULL,
};

static bool bad(char **error, const char *key, const char *value, const char *expected)
{
    *error = g_strdup_printf("%s=%s: expected %s", key, value, expected);
    return false;
}

static bool get_addr(KeyVal *kv, const char *key, struct in_addr *out, char **error)
{
    const char *v = keyval_get(kv, key);
    return !v || inet_pton(AF_INET, v, out) == 1 ||
           bad(error, key, v, "an address such as 10.0.2.2");
}

static bool get_addr6(KeyVal *kv, const char *key, struct in6_addr *out, char **error)
{
    const char *v = keyval_get(kv, key);
    return !v || inet_pton(AF_INET6, v, out) == 1 ||
           bad(error, key, v, "an address such as fec0::2");
}

// "ADDR", "ADDR/BITS" or "ADDR/MASK".
static bool parse_net(const char *text, uint32_t *net, uint32_t *mask)
{
    char **part = g_strsplit(text, "/", 2);
    struct in_addr a, m = {htonl(0xffffff00)};
    bool ok = part[0] && inet_pton(AF_INET, part[0], &a) == 1;
    uint64_t bits;
    if (ok && part[1] && parse_u64(part[1], &bits)) {
        ok = bits >= 4 && bits <= 30;
        m.s_addr = htonl(ok ? ~(uint32_t)mask64(32 - bits) : 0);
    } else if (ok && part[1]) {
        ok = inet_pton(AF_INET, part[1], &m) == 1 && ~ntohl(m.s_addr) &&
             !(~ntohl(m.s_addr) & (~ntohl(m.s_addr) + 1));
    }
    if (ok) {
        *mask = ntohl(m.s_addr);
        *net = ntohl(a.s_addr) & *mask;
    }
    g_strfreev(part);
    return ok;
}

static bool in_net(const SlirpConfig *c, const char *key, struct in_addr a, char **error)
{
    if ((a.s_addr & c->vnetmask.s_addr) == c->vnetwork.s_addr) {
        return true;
    }
    return bad(error, key, inet_ntoa(a), "an address of the guest's network (net=)");
}

static bool get_ipv4(KeyVal *kv, SlirpConfig *c, char **error)
{
    const char *v = keyval_get(kv, "net");
    uint32_t net = 0x0a000200, mask = 0xffffff00;
    if (v && !parse_net(v, &net, &mask)) {
        return bad(error, "net", v, "a network such as 10.0.2.0/24");
    }
    c->vnetwork.s_addr = htonl(net);
    c->vnetmask.s_addr = htonl(mask);
    c->vhost.s_addr = htonl(net | (2 & ~mask));
    c->vnameserver.s_addr = htonl(net | (3 & ~mask));
    c->vdhcp_start.s_addr = htonl(net | (15 & ~mask));
    if (!get_addr(kv, "host", &c->vhost, error) || !get_addr(kv, "dns", &c->vnameserver, error) ||
        !get_addr(kv, "dhcpstart", &c->vdhcp_start, error) || !in_net(c, "host", c->vhost, error) ||
        !in_net(c, "dhcpstart", c->vdhcp_start, error)) {
        return false;
    }
    if (c->vnameserver.s_addr == c->vhost.s_addr) {
        return bad(error, "dns", inet_ntoa(c->vhost), "another address than host=");
    }
    return true;
}

static bool get_ipv6(KeyVal *kv, SlirpConfig *c, char **error)
{
    uint64_t len = 64;
    inet_pton(AF_INET6, "fec0::", &c->vprefix_addr6);
    if (!get_addr6(kv, "ipv6-prefix", &c->vprefix_addr6, error) ||
        !keyval_u64(kv, "ipv6-prefixlen", &len, error)) {
        return false;
    }
    if (len > 126) {
        *error = g_strdup("ipv6-prefixlen: at most 126");
        return false;
    }
    c->vprefix_len = len;
    c->vhost6 = c->vnameserver6 = c->vprefix_addr6;
    c->vhost6.s6_addr[15] |= 2;
    c->vnameserver6.s6_addr[15] |= 3;
    return get_addr6(kv, "ipv6-host", &c->vhost6, error) &&
           get_addr6(kv, "ipv6-dns", &c->vnameserver6, error);
}

// All values of a key that may come more than once; borrowed.
static GPtrArray *all_values(KeyVal *kv, const char *key)
{
    GPtrArray *all = g_ptr_array_new();
    for (unsigned i = 0; i < kv->n; i++) {
        if (!strcmp(kv->item[i].key, key)) {
            kv->item[i].used = true;
            g_ptr_array_add(all, kv->item[i].value);
        }
    }
    return all;
}

static char **search_domains(KeyVal *kv)
{
    GPtrArray *all = all_values(kv, "dnssearch");
    if (!all->len) {
        g_ptr_array_free(all, TRUE);
        return NULL;
    }
    char **list = g_new0(char *, all->len + 1);
    for (guint i = 0; i < all->len; i++) {
        list[i] = g_strdup(all->pdata[i]);
    }
    g_ptr_array_free(all, TRUE);
    return list;
}

bool slirp_options_parse(KeyVal *kv, SlirpOptions *o, char **error)
{
    bool ipv4 = true, ipv6 = true, restricted = false;
    *o = (SlirpOptions){.config.version = 3};
    SlirpConfig *c = &o->config;
    if (!keyval_bool(kv, "ipv4", &ipv4, error) || !keyval_bool(kv, "ipv6", &ipv6, error) ||
        !keyval_bool(kv, "restrict", &restricted, error) || !get_ipv4(kv, c, error) ||
        !get_ipv6(kv, c, error)) {
        return false;
    }
    c->in_enabled = ipv4;
    c->in6_enabled = ipv6;
    c->restricted = restricted;
    c->vhostname = keyval_get(kv, "hostname");
    c->tftp_server_name = keyval_get(kv, "tftp-server-name");
    const char *tftp = keyval_get(kv, "tftp");
    o->tftp = tftp ? g_canonicalize_filename(tftp, NULL) : NULL;
    c->tftp_path = o->tftp;
    c->bootfile = keyval_get(kv, "bootfile");
    c->vdomainname = keyval_get(kv, "domainname");
    keyval_get(kv, "hostfwd");
    g_ptr_array_free(all_values(kv, "hostfwd"), TRUE);
    o->dnssearch = search_domains(kv);
    c->vdnssearch = (const char **)o->dnssearch;
    keyval_get(kv, "type");
    keyval_get(kv, "id");
    if (!ipv4 && !ipv6) {
        *error = g_strdup("ipv4=off and ipv6=off leave nothing");
        return false;
    }
    return keyval_all_used(kv, known, error);
}

// --- forwarding

// "[ADDR]:PORT"; no address: any.
static bool parse_endpoint(const char *text, struct in_addr *addr, int *port)
{
    const char *colon = strchr(text, ':');
    uint64_t p;
    if (!colon || !parse_u64(colon + 1, &p) || p > 65535) {
        return false;
    }
    *port = (int)p;
    addr->s_addr = INADDR_ANY;
    char *host = g_strndup(text, (size_t)(colon - text));
    bool ok = !*host || inet_pton(AF_INET, host, addr) == 1;
    g_free(host);
    return ok;
}

static bool add_forward(Slirp *s, const char *rule, char **error)
{
    bool udp = g_str_has_prefix(rule, "udp:");
    const char *rest = udp || g_str_has_prefix(rule, "tcp:") ? rule + 4 : rule;
    rest = *rest == ':' && rest == rule ? rest + 1 : rest; // ":..." means tcp
    char **side = g_strsplit(rest, "-", 2);
    struct in_addr host, guest;
    int host_port, guest_port;
    bool ok = side[0] && side[1] && parse_endpoint(side[0], &host, &host_port) &&
              parse_endpoint(side[1], &guest, &guest_port) && guest_port;
    g_strfreev(side);
    if (!ok) {
        return bad(error, "hostfwd", rule, "tcp|udp:[ADDR]:PORT-[ADDR]:PORT");
    }
    if (slirp_add_hostfwd(s, udp, host, host_port, guest, guest_port) < 0) {
        *error = g_strdup_printf("hostfwd=%s: %s", rule, strerror(errno));
        return false;
    }
    return true;
}

bool slirp_add_forwards(Slirp *s, KeyVal *kv, char **error)
{
    GPtrArray *rules = all_values(kv, "hostfwd");
    bool ok = true;
    for (guint i = 0; ok && i < rules->len; i++) {
        ok = add_forward(s, rules->pdata[i], error);
    }
    g_ptr_array_free(rules, TRUE);
    return ok;
}
