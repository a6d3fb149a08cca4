// Descriptor chains and queue programming for virtio's disk, network card, random numbers, console,
// keyboard, pointers and graphics, over mmio and PCI, legacy and modern. Half of the drivers are
// tame: then every request has to complete, a disk has to keep what was written to it, and a screen
// has to show what was transferred.
#include <string.h>

#include "tests/fuzz/virtio_requests.h"

#define DISK_BYTES (1u << 20)
#define STEPS      250 // a run

// INDIRECT_DESC, EVENT_IDX, VERSION_1, RING_RESET
#define COMMON_FEATURES (BIT(28) | BIT(29) | BIT(32) | BIT(40))

// --- disk

enum { T_IN = 0, T_OUT = 1, T_FLUSH = 4, T_GET_ID = 8, T_DISCARD = 11, T_ZEROES = 13 };

typedef struct BlkRequest {
    uint32_t type;
    uint64_t sector;
    unsigned len; // bytes of data
    uint64_t data, status;
} BlkRequest;

static BlkRequest choose_blk_request(Rig *r)
{
    static const uint32_t types[] = {T_IN, T_OUT, T_IN, T_OUT, T_FLUSH, T_GET_ID};
    Fuzz *f = r->f;
    BlkRequest q = {.type = FUZZ_PICK(f, types)};
    if (vd_deviate(&r->d, 4)) {
        q.type = fuzz_one_in(f, 2) ? (fuzz_one_in(f, 2) ? T_DISCARD : T_ZEROES)
                                   : (uint32_t)fuzz_number(f);
    }
    q.sector = fuzz_below(f, DISK_BYTES / 512);
    q.len = 512 * (unsigned)fuzz_below(f, 1 + MIN_OF(DISK_BYTES / 512 - q.sector, 24u));
    if (vd_deviate(&r->d, 10)) {
        q.sector = fuzz_number(f);
    }
    if (vd_deviate(&r->d, 10)) {
        q.len = (unsigned)fuzz_below(f, 5000);
    }
    q.len = q.type == T_GET_ID ? 20 : q.type == T_FLUSH ? 0 : q.len;
    return q;
}

static void check_blk(Rig *r, const BlkRequest *q)
{
    uint8_t status = *vd_host(&r->d, q->status, 1);
    uint8_t *data = vd_host(&r->d, q->data, q->len + 1);
    if (status != 0 && !(status == 2 && q->type == T_FLUSH)) {
        fuzz_fail("disk: type %u, sector %u, %u bytes: status %u", q->type, (unsigned)q->sector,
                  q->len, status);
    }
    if (q->type == T_OUT) {
        memcpy(r->disk + 512 * q->sector, data, q->len);
    } else if (q->type == T_IN && memcmp(r->disk + 512 * q->sector, data, q->len) != 0) {
        fuzz_fail("disk: sector %u, %u bytes: not what was written", (unsigned)q->sector, q->len);
    }
}

static void blk_request(Rig *r)
{
    Vd *d = &r->d;
    BlkRequest q = choose_blk_request(r);
    uint64_t header = vd_alloc(d, 16);
    q.data = vd_alloc(d, q.len + 1);
    q.status = vd_alloc(d, 1);
    uint8_t *h = vd_host(d, header, 16);
    memcpy(h, &q.type, 4);
    memset(h + 4, 0, 4);
    memcpy(h + 8, &q.sector, 8);
    *vd_host(d, q.status, 1) = 0xee;
    bool in = q.type == T_IN || q.type == T_GET_ID;
    if (!in) {
        fill_random(r->f, vd_host(d, q.data, q.len + 1), q.len);
    }
    VdPiece all[] = {{header, 16, false}, {q.data, q.len, in}, {q.status, 1, true}};
    VdPiece short_[] = {all[0], all[2]};
    unsigned queue = (unsigned)fuzz_below(r->f, r->kind->n_queues);
    if (!vd_offer(d, queue, q.len ? all : short_, q.len ? 3 : 2)) {
        return;
    }
    serve(r, queue);
    if (!d->wild && d->q[queue].outstanding) {
        fuzz_fail("disk: a request does not complete");
    }
    if (!d->wild) {
        check_blk(r, &q);
    }
}

// --- network card

enum { NET_RX, NET_TX, NET_CTRL };

static void put_be16(uint8_t *p, unsigned v)
{
    p[0] = (uint8_t)(v >> 8);
    p[1] = (uint8_t)v;
}

// Ethernet with ARP, or IPv4 with something in it, to the user network's gateway; or noise.
static unsigned make_frame(Fuzz *f, uint8_t *p)
{
    static const uint8_t to[] = {0x52, 0x55, 10, 0, 2, 2, 0x52, 0x54, 0, 0x12, 0x34, 0x56};
    static const uint8_t arp[] = {0,  1, 8, 0,  6, 4, 0, 1, 0x52, 0x54, 0,  0x12, 0x34, 0x56,
                                  10, 0, 2, 15, 0, 0, 0, 0, 0,    0,    10, 0,    2,    2};
    static const uint8_t protocols[] = {1, 6, 17, 17};
    unsigned len = 60 + (unsigned)fuzz_below(f, fuzz_one_in(f, 8) ? 3000 : 200);
    fill_random(f, p, len);
    memcpy(p, to, 12);
    switch (fuzz_below(f, 4)) {
    case 0:
        put_be16(p + 12, 0x806);
        memcpy(p + 14, arp, sizeof(arp));
        break;
    case 1:
        break;
    default:
        put_be16(p + 12, 0x800);
        memcpy(p + 14, (const uint8_t[]){0x45, 0}, 2);
        put_be16(p + 16, len - 14);
        memcpy(p + 20, (const uint8_t[]){0, 0, 64, FUZZ_PICK(f, protocols)}, 4);
        memcpy(p + 26, (const uint8_t[]){10, 0, 2, 15, 10, 0, 2, (uint8_t)(2 + fuzz_below(f, 2))},
               8);
        put_be16(p + 34, 68);
        put_be16(p + 36, fuzz_one_in(f, 2) ? 67 : 69);
    }
    return len;
}

static unsigned net_header_len(const Vd *d)
{
    return vd_has(d, 15) || vd_has(d, 32) ? 12 : 10;
}

static void net_transmit(Rig *r)
{
    Vd *d = &r->d;
    unsigned header = net_header_len(d);
    uint64_t at = vd_alloc(d, 4096);
    uint8_t *p = vd_host(d, at, 4096);
    memset(p, 0, header);
    unsigned len = make_frame(r->f, p + header);
    if (fuzz_one_in(r->f, 3)) { // checksum and segmentation, mostly nonsense
        for (unsigned i = 0; i < header; i++) {
            p[i] = (uint8_t)(fuzz_one_in(r->f, 2) ? fuzz_below(r->f, 64) : 0);
        }
    }
    VdPiece frame = {at, header + len, false};
    if (!vd_offer(d, NET_TX, &frame, 1)) {
        return;
    }
    serve(r, NET_TX);
    if (!d->wild && d->q[NET_TX].outstanding) {
        fuzz_fail("network: a packet is not taken");
    }
}

static void net_receive(Rig *r)
{
    unsigned len = 64 + (unsigned)fuzz_below(r->f, 2000);
    VdPiece buffer = {vd_alloc(&r->d, len), len, true};
    vd_offer(&r->d, NET_RX, &buffer, 1);
    serve(r, NET_RX);
}

static void net_control(Rig *r)
{
    Vd *d = &r->d;
    if (!vd_has(d, 17)) {
        return;
    }
    unsigned len = (unsigned)fuzz_below(r->f, 80);
    uint64_t at = vd_alloc(d, 2 + len), ack = vd_alloc(d, 1);
    uint8_t *p = vd_host(d, at, 2 + len);
    fill_random(r->f, p, 2 + len);
    p[0] = (uint8_t)fuzz_below(r->f, 6);
    p[1] = (uint8_t)fuzz_below(r->f, 6);
    if (len >= 8 && fuzz_one_in(r->f, 2)) { // a table's count
        memset(p + 2, 0, 4);
        p[2] = (uint8_t)fuzz_below(r->f, 12);
    }
    VdPiece all[] = {{at, 2, false}, {at + 2, len, false}, {ack, 1, true}};
    VdPiece short_[] = {all[0], all[2]};
    if (!vd_offer(d, NET_CTRL, len ? all : short_, len ? 3 : 2)) {
        return;
    }
    serve(r, NET_CTRL);
    if (!d->wild && (d->q[NET_CTRL].outstanding || *vd_host(d, ack, 1) > 1)) {
        fuzz_fail("network: a control command is not answered");
    }
}

static void net_request(Rig *r)
{
    static void (*const some[])(Rig *) = {net_transmit, net_receive, net_control};
    FUZZ_PICK(r->f, some)(r);
}

// --- random numbers, console

static void rng_request(Rig *r)
{
    unsigned len = 1 + (unsigned)fuzz_below(r->f, 300);
    VdPiece buffer = {vd_alloc(&r->d, len), len, true};
    vd_offer(&r->d, 0, &buffer, 1);
    serve(r, 0);
}

// Queues: receive and transmit of port 0, of control, then of each port.
static void serial_request(Rig *r)
{
    Vd *d = &r->d;
    unsigned queue = (unsigned)fuzz_below(r->f, r->kind->n_queues);
    bool out = queue & 1;
    unsigned len = queue == 3 ? 8 : 1 + (unsigned)fuzz_below(r->f, 200);
    uint64_t at = vd_alloc(d, len);
    uint8_t *p = vd_host(d, at, len);
    fill_random(r->f, p, len);
    if (queue == 3) { // id, event, value
        memset(p, 0, 8);
        p[0] = (uint8_t)fuzz_below(r->f, 4);
        p[4] = (uint8_t)fuzz_below(r->f, 9);
        p[6] = (uint8_t)fuzz_below(r->f, 2);
        len = vd_deviate(d, 10) ? (unsigned)fuzz_below(r->f, 8) + 1 : len;
    }
    VdPiece piece = {at, len, !out};
    vd_offer(d, queue, &piece, 1);
    serve(r, queue);
}

// --- runs

static const Kind kinds[] = {
    {"virtio-blk", "drive=d0,", 1, BIT(6) | BIT(9) | BIT(11), blk_request, false},
    {"virtio-blk", "drive=d0,num-queues=4,", 4, BIT(6) | BIT(9) | BIT(12), blk_request, false},
    {"virtio-net", "netdev=n0,", 3, 0xffffff, net_request, false},
    {"virtio-rng", "", 1, 0, rng_request, false},
    {"virtio-serial", "id=s0,max_ports=4,", 10, 0xff, serial_request, false},
    {"virtio-keyboard", "", 2, 0, input_request, true},
    {"virtio-tablet", "", 2, 0, input_request, true},
    {"virtio-mouse", "", 2, 0, input_request, true},
    {"virtio-gpu", "max_hostmem=16M,max_outputs=2,", 2, BIT(1), gpu_request, true},
};

static FuzzMachine *make_machine(Rig *r, VdTransport t)
{
    static const char *const netdevs[] = {"user,id=n0,restrict=on", NULL};
    Fuzz *f = r->f;
    const Kind *k = r->kind;
    char *disk = fuzz_disk(f, "disk.img", DISK_BYTES), *error = NULL;
    char *drive = g_strdup_printf("file=%s,if=none,id=d0,format=raw", disk);
    char *device =
        g_strdup_printf("%s-%s,%s%s%s", k->device, vd_is_pci(t) ? "pci" : "device", k->options,
                        vd_device_options(t), fuzz_one_in(f, 4) ? ",event_idx=off" : "");
    const char *const drives[] = {drive, NULL};
    const char *const devices[] = {device,
                                   k->request == serial_request ? "virtconsole,bus=s0.0" : NULL,
                                   "virtserialport,bus=s0.0,name=port.1", NULL};
    MachineConfig c = {.machine = "virt", .cpu = "max", .smp = 1, .ram_size = VD_RAM_SIZE};
    fuzz_machine_opt(&c.machine_opts, "gic-version", "2");
    if (t == VD_MMIO) {
        fuzz_machine_opt(&c.globals, "virtio-mmio.force-legacy", "off");
    }
    bool disk_used = k->request == blk_request, net_used = k->request == net_request;
    FuzzParts parts = {disk_used ? drives : NULL, net_used ? netdevs : NULL, devices};
    FuzzMachine *fm = fuzz_machine_new(f, &c, &parts, &error);
    if (!fm) {
        fuzz_fail("machine: %s", error);
    }
    r->disk = g_malloc0(DISK_BYTES);
    r->disk[510] = 0x55;
    r->disk[511] = 0xaa;
    g_free(disk);
    g_free(drive);
    g_free(device);
    return fm;
}

static void bring_up(Rig *r)
{
    uint64_t wanted =
        (r->kind->features | COMMON_FEATURES) & ~(fuzz_random(r->f) & fuzz_random(r->f));
    vd_bring_up(&r->d, wanted);
    r->picture = 0; // the reset took it away
    r->on_screen = false;
}

static void run(Fuzz *f)
{
    Rig r = {.f = f, .kind = &FUZZ_PICK(f, kinds)};
    static const VdTransport modern[] = {VD_MMIO, VD_PCI};
    VdTransport t = (VdTransport)fuzz_below(f, VD_TRANSPORTS);
    t = r.kind->modern_only ? FUZZ_PICK(f, modern) : t;
    FuzzMachine *fm = make_machine(&r, t);
    vd_init(&r.d, fm, t, r.kind->n_queues, fuzz_one_in(f, 2));
    bring_up(&r);
    for (unsigned i = 0; i < STEPS; i++) {
        r.kind->request(&r);
        if (fuzz_one_in(f, 30)) {
            vd_meddle(&r.d);
        }
        if (fuzz_one_in(f, r.d.wild ? 40 : 150)) {
            bring_up(&r);
        }
    }
    g_free(r.disk);
    fuzz_machine_free(fm);
}

const Fuzzer fuzzer = {
    .name = "fuzz_virtio",
    .what = "Virtio drivers, tame and wild, for every device and transport.",
    .unit = "accesses",
    .run = run,
};
