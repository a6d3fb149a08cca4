#include "net/inspect.h"

#include "net/checksum.h"

#define ETHERNET 14

static uint16_t pseudo_sum(const uint8_t *ip, bool v4, unsigned proto, size_t len)
{
    uint8_t tail[4] = {(uint8_t)(len >> 8), (uint8_t)len, 0, (uint8_t)proto};
    uint64_t sum = v4 ? net_sum(ip + 12, 8) : net_sum(ip + 8, 32);
    return net_sum_fold(sum + net_sum(tail, 4));
}

static void inspect_l4(const uint8_t *ip, bool v4, size_t header, size_t total, NetInspection *r)
{
    unsigned proto = v4 ? ip[9] : ip[6];
    const uint8_t *l4 = ip + header;
    size_t len = total - header;
    if (proto == 6 && len >= 20) {
        r->protocol = NET_TCP;
    } else if (proto == 17 && len >= 8) {
        r->protocol = NET_UDP;
    } else {
        return;
    }
    if (r->protocol == NET_UDP && !net_get16(l4 + 6)) { // none was made
        return;
    }
    r->l4_checked = true;
    r->l4_ok = net_sum_fold((uint64_t)pseudo_sum(ip, v4, proto, len) + net_sum(l4, len)) == 0xffff;
}

NetInspection net_inspect(const uint8_t *frame, size_t len)
{
    NetInspection r = {NET_OTHER, false, true, false, true};
    if (len < ETHERNET + 20) {
        return r;
    }
    const uint8_t *ip = frame + ETHERNET;
    size_t room = len - ETHERNET;
    bool v4 = net_get16(frame + 12) == 0x0800 && ip[0] >> 4 == 4;
    bool v6 = net_get16(frame + 12) == 0x86dd && ip[0] >> 4 == 6 && room >= 40;
    if (!v4 && !v6) {
        return r;
    }
    size_t header = v4 ? (ip[0] & 15) * 4u : 40;
    size_t total = v4 ? net_get16(ip + 2) : net_get16(ip + 4) + 40u;
    if (header < 20 || header > total || total > room) {
        return r;
    }
    r.protocol = NET_IP;
    r.ipv4 = v4;
    r.ip_ok = !v4 || net_sum(ip, header) == 0xffff;
    if (!v4 || !(net_get16(ip + 6) & 0x3fff)) { // not a fragment
        inspect_l4(ip, v4, header, total, &r);
    }
    return r;
}
