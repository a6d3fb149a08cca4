// The options -netdev, -nic and -net.
#include "net/net_internal.h"

#include <string.h>

#include "hw/core/machine.h"

#define HUB_ID "hub0" // the network that -net options share

// --- -netdev

static const struct {
    const char *name;
    NetClient *(*create)(Net *n, const char *id, KeyVal *kv, char **error);
} kinds[] = {
    {"user", slirp_client_new},
};

static bool netdev_add_kv(Net *n, KeyVal *kv, char **error)
{
    const char *type = keyval_get(kv, "type"), *id = keyval_get(kv, "id");
    if (!type || !id) {
        *error = g_strdup("a kind and id=NAME are needed, as in user,id=net0");
        return false;
    }
    if (netdev_find(n->machine, id)) {
        *error = g_strdup_printf("id=%s: there is another netdev of that name", id);
        return false;
    }
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        if (!strcmp(type, kinds[i].name)) {
            return kinds[i].create(n, id, kv, error) != NULL;
        }
    }
    *error = g_strdup_printf("%s: not supported (there is: user)", type);
    return false;
}

bool netdev_add(Machine *m, const char *optarg, char **error)
{
    KeyVal *kv = keyval_parse(optarg, "type");
    bool ok = netdev_add_kv(net_get(m), kv, error);
    keyval_free(kv);
    return ok;
}

// --- cards

static void free_pending(PendingNic *p)
{
    g_free(p->model);
    g_free(p->mac);
    g_free(p->netdev);
    g_free(p->id);
    g_free(p);
}

static bool is_card(const DeviceType *t)
{
    static const char *const names[] = {"virtio-net-pci", "virtio-net-device", "e1000", "rtl8139"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (!strcmp(t->name, names[i])) {
            return true;
        }
    }
    return false;
}

static const DeviceType *model_type(Machine *m, const char *model, char **error)
{
    bool pci = machine_lookup(m, "pci") != NULL;
    const char *name = model ? model : m->board ? m->board->nic : NULL;
    if (!name || !strcmp(name, "virtio")) {
        name = pci ? "virtio-net-pci" : "virtio-net-device";
    }
    const DeviceType *t = device_type_find(name);
    if (!t || !is_card(t)) {
        *error = g_strdup_printf("model=%s: there is no such network card (virtio-net-pci, "
                                 "virtio-net-device, e1000, rtl8139)",
                                 name);
        return NULL;
    }
    return t;
}

static bool set_given(Device *d, const char *prop, const char *value, char **error)
{
    return !value || device_set(d, prop, value, error);
}

static bool create_nic(Machine *m, const PendingNic *p, char **error)
{
    const DeviceType *t = model_type(m, p->model, error);
    if (!t) {
        return false;
    }
    Device *d = device_new(t, m, p->id);
    return set_given(d, "mac", p->mac, error) && set_given(d, "netdev", p->netdev, error) &&
           device_realize(d, error);
}

bool nic_create_pending(Machine *m, char **error)
{
    Net *n = net_get(m);
    bool ok = true;
    while (ok && n->pending->len) {
        PendingNic *p = n->pending->pdata[0];
        ok = create_nic(m, p, error);
        g_ptr_array_remove_index(n->pending, 0);
        free_pending(p);
    }
    return ok;
}

// Takes p over.
static bool add_nic(Net *n, PendingNic *p, bool wait, char **error)
{
    if (wait || !machine_lookup(n->machine, "pci")) {
        g_ptr_array_add(n->pending, p);
        return true;
    }
    bool ok = create_nic(n->machine, p, error);
    free_pending(p);
    return ok;
}

// Moves what describes the card out of kv; the rest is the backend's.
static PendingNic *take_card(KeyVal *kv)
{
    PendingNic *p = g_new0(PendingNic, 1);
    const char *mac = keyval_get(kv, "mac");
    p->mac = g_strdup(mac ? mac : keyval_get(kv, "macaddr"));
    p->model = g_strdup(keyval_get(kv, "model"));
    return p;
}

static void append_item(GString *s, const char *key, const char *value)
{
    g_string_append_printf(s, ",%s=", key);
    for (; *value; value++) {
        g_string_append(s, *value == ',' ? ",," : (char[]){*value, 0});
    }
}

// The backend's options of kv, as -netdev would have them.
static char *backend_options(const KeyVal *kv, const char *id)
{
    static const char *const cards[] = {"mac", "macaddr", "model", "id", "netdev"};
    GString *s = g_string_new(kv->n ? kv->item[0].value : "");
    append_item(s, "id", id);
    for (unsigned i = 1; i < kv->n; i++) {
        bool card = false;
        for (size_t k = 0; k < ARRAY_LEN(cards); k++) {
            card |= !strcmp(kv->item[i].key, cards[k]);
        }
        if (!card) {
            append_item(s, kv->item[i].key, kv->item[i].value);
        }
    }
    return g_string_free(s, FALSE);
}

static bool nic_add_kv(Net *n, KeyVal *kv, char **error)
{
    const char *type = keyval_get(kv, "type"), *id = keyval_get(kv, "id");
    if (!type || !strcmp(type, "none")) {
        if (kv->n > 1 || !type) {
            *error = g_strdup("expected none, or a kind such as user");
            return false;
        }
        return true;
    }
    char *name = id ? g_strdup(id) : g_strdup_printf("nic%u", n->nics);
    n->nics++;
    char *options = backend_options(kv, name);
    bool ok = netdev_add(n->machine, options, error);
    if (ok) {
        PendingNic *p = take_card(kv);
        p->netdev = g_strdup(name);
        ok = add_nic(n, p, false, error);
    }
    g_free(options);
    g_free(name);
    return ok;
}

bool nic_add(Machine *m, const char *optarg, char **error)
{
    KeyVal *kv = keyval_parse(optarg, "type");
    bool ok = nic_add_kv(net_get(m), kv, error);
    keyval_free(kv);
    return ok;
}

bool net_add_default(Machine *m, char **error)
{
    return nic_add(m, "user", error);
}

// --- -net

static bool net_nic(Net *n, KeyVal *kv, char **error)
{
    static const char *const known[] = {"type", "model", "mac", "macaddr", "netdev", "name", NULL};
    PendingNic *p = take_card(kv);
    const char *netdev = keyval_get(kv, "netdev");
    p->netdev = g_strdup(netdev ? netdev : HUB_ID);
    p->id = g_strdup(keyval_get(kv, "name"));
    if (!keyval_all_used(kv, known, error)) {
        free_pending(p);
        return false;
    }
    return add_nic(n, p, true, error); // the backend's -net may come later
}

bool net_add(Machine *m, const char *optarg, char **error)
{
    KeyVal *kv = keyval_parse(optarg, "type");
    const char *type = keyval_get(kv, "type");
    bool ok = type && !strcmp(type, "none") && kv->n == 1;
    if (type && !strcmp(type, "nic")) {
        ok = net_nic(net_get(m), kv, error);
    } else if (!ok && type) {
        char *options = backend_options(kv, HUB_ID);
        ok = netdev_add(m, options, error);
        g_free(options);
    } else if (!ok) {
        *error = g_strdup("expected none, nic or user");
    }
    keyval_free(kv);
    return ok;
}
