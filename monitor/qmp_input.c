// QMP commands about the screen, the keyboard and the pointer.
#include <string.h>

#include "monitor/commands.h"
#include "monitor/qmp_command.h"
#include "ui/console.h"
#include "ui/display.h"
#include "ui/input.h"
#include "ui/screendump.h"

#define DEFAULT_HOLD_MS 100
#define MAX_HOLD_MS     60000
#define MAX_EVENTS      256

// --- keys

// {"type": "qcode", "data": "ret"} or {"type": "number", "data": 28}
static InputKey key_of(Json *value)
{
    Json *data = json_object_object_get(value, "data");
    if (json_object_is_type(data, json_type_string)) {
        return input_key_find(json_object_get_string(data));
    }
    char number[32];
    g_snprintf(number, sizeof(number), "0x%x", (unsigned)json_object_get_int(data));
    return input_key_find(number);
}

static Json *no_such_key(QmpCall *c, Json *value)
{
    return qmp_fail(c, QMP_GENERIC, "there is no key '%.64s'",
                    json_object_get_string(json_object_object_get(value, "data")));
}

static Json *send_key(QmpCall *c)
{
    Json *keys = json_object_object_get(c->args, "keys");
    int64_t hold = qmp_int(c, "hold-time", DEFAULT_HOLD_MS);
    size_t n = json_object_array_length(keys);
    InputKey key[INPUT_TYPE_MAX];
    if (!n || n > INPUT_TYPE_MAX) {
        return qmp_fail(c, QMP_GENERIC, "keys: 1 to %d of them", INPUT_TYPE_MAX);
    }
    if (hold < 1 || hold > MAX_HOLD_MS) {
        return qmp_fail(c, QMP_GENERIC, "hold-time: 1 to %d ms", MAX_HOLD_MS);
    }
    if (!input_takes(c->machine, INPUT_KIND_KEY)) {
        return qmp_fail(c, QMP_GENERIC, "send-key: this machine has no keyboard");
    }
    for (size_t i = 0; i < n; i++) {
        Json *value = json_object_array_get_idx(keys, i);
        key[i] = key_of(value);
        if (key[i] == INPUT_KEY_NONE) {
            return no_such_key(c, value);
        }
    }
    input_type_keys(c->machine, key, (unsigned)n, (unsigned)hold);
    return qmp_nothing();
}

// --- input-send-event

static const struct {
    const char *name;
    InputKind kind;
    uint16_t code;
    int32_t value;
} buttons[] = {
    {"left", INPUT_KIND_BUTTON, INPUT_BUTTON_LEFT, 1},
    {"middle", INPUT_KIND_BUTTON, INPUT_BUTTON_MIDDLE, 1},
    {"right", INPUT_KIND_BUTTON, INPUT_BUTTON_RIGHT, 1},
    {"side", INPUT_KIND_BUTTON, INPUT_BUTTON_SIDE, 1},
    {"extra", INPUT_KIND_BUTTON, INPUT_BUTTON_EXTRA, 1},
    {"wheel-up", INPUT_KIND_REL, INPUT_AXIS_WHEEL, -1},
    {"wheel-down", INPUT_KIND_REL, INPUT_AXIS_WHEEL, 1},
    {"wheel-left", INPUT_KIND_REL, INPUT_AXIS_HWHEEL, -1},
    {"wheel-right", INPUT_KIND_REL, INPUT_AXIS_HWHEEL, 1},
};

// The wheel is buttons in QMP: a press is a step. False: it says nothing.
static bool button_event(const char *name, bool down, InputEvent *e)
{
    for (size_t i = 0; i < ARRAY_LEN(buttons); i++) {
        if (!strcmp(name, buttons[i].name)) {
            bool wheel = buttons[i].kind == INPUT_KIND_REL;
            *e = (InputEvent){buttons[i].kind, buttons[i].code, wheel ? buttons[i].value : down};
            return !wheel || down;
        }
    }
    return false;
}

static int32_t clamped(Json *data, int64_t low, int64_t high)
{
    int64_t v = json_object_get_int64(json_object_object_get(data, "value"));
    return (int32_t)(v < low ? low : v > high ? high : v);
}

// False with an error.
static bool convert(QmpCall *c, Json *event, InputEvent *out, unsigned *n)
{
    const char *type = json_object_get_string(json_object_object_get(event, "type"));
    Json *data = json_object_object_get(event, "data");
    if (!strcmp(type, "key")) {
        Json *key = json_object_object_get(data, "key");
        InputKey k = key_of(key);
        bool down = json_object_get_boolean(json_object_object_get(data, "down"));
        if (k == INPUT_KEY_NONE) {
            no_such_key(c, key);
            return false;
        }
        out[(*n)++] = (InputEvent){INPUT_KIND_KEY, k, down};
    } else if (!strcmp(type, "btn")) {
        const char *button = json_object_get_string(json_object_object_get(data, "button"));
        *n += button_event(button, json_object_get_boolean(json_object_object_get(data, "down")),
                           &out[*n]);
    } else {
        const char *axis = json_object_get_string(json_object_object_get(data, "axis"));
        bool abs = !strcmp(type, "abs");
        uint16_t code = axis[0] == 'x' ? INPUT_AXIS_X : INPUT_AXIS_Y;
        out[(*n)++] = (InputEvent){abs ? INPUT_KIND_ABS : INPUT_KIND_REL, code,
                                   clamped(data, abs ? 0 : -32768, INPUT_ABS_MAX)};
    }
    return true;
}

static Json *input_send_event(QmpCall *c)
{
    static const char *const kinds[] = {[INPUT_KIND_KEY] = "keys",
                                        [INPUT_KIND_BUTTON] = "buttons",
                                        [INPUT_KIND_REL] = "relative movements",
                                        [INPUT_KIND_ABS] = "positions"};
    Json *events = json_object_object_get(c->args, "events");
    const char *device = qmp_str(c, "device");
    size_t count = json_object_array_length(events);
    InputEvent out[MAX_EVENTS + 1];
    unsigned n = 0;
    if (count > MAX_EVENTS) {
        return qmp_fail(c, QMP_GENERIC, "events: at most %d at once", MAX_EVENTS);
    }
    if (device) {
        unsigned head;
        if (!monitor_find_display(c->machine, device, &head)) {
            return qmp_fail(c, QMP_DEVICE_NOTFOUND, "device: there is no display '%.64s'", device);
        }
    }
    for (size_t i = 0; i < count; i++) {
        if (!convert(c, json_object_array_get_idx(events, i), out, &n)) {
            return NULL;
        }
    }
    for (unsigned i = 0; i < n; i++) {
        if (!input_takes(c->machine, (InputKind)out[i].kind)) {
            return qmp_fail(c, QMP_GENERIC, "no device of this machine takes %s",
                            kinds[out[i].kind]);
        }
    }
    out[n++] = (InputEvent){INPUT_KIND_SYNC, 0, 0};
    input_send(c->machine, out, n);
    return qmp_nothing();
}

static Json *query_mice(QmpCall *c)
{
    Json *list = json_object_new_array();
    bool abs = input_takes(c->machine, INPUT_KIND_ABS);
    if (abs || input_takes(c->machine, INPUT_KIND_REL)) {
        Json *o = qmp_add_str(json_object_new_object(), "name", abs ? "tablet" : "mouse");
        qmp_add_int(o, "index", 0);
        qmp_add_bool(o, "current", true);
        json_object_array_add(list, qmp_add_bool(o, "absolute", abs));
    }
    return list;
}

// --- the screen

static Json *run_screendump(QmpCall *c)
{
    const char *file = qmp_str(c, "filename"), *device = qmp_str(c, "device");
    const char *name = qmp_str(c, "format");
    ScreendumpFormat format = SCREENDUMP_PPM;
    unsigned display = 0;
    char *error = NULL;
    if (qmp_int(c, "head", 0)) {
        return qmp_fail(c, QMP_GENERIC, "head: displays have the head 0 only");
    }
    if (!monitor_find_display(c->machine, device, &display)) {
        return device
                   ? qmp_fail(c, QMP_DEVICE_NOTFOUND, "device: there is no display '%.64s'", device)
                   : qmp_fail(c, QMP_GENERIC, "screendump: this machine has no display");
    }
    if (name) {
        screendump_format(name, &format);
    }
    if (!screendump(c->machine, display, file, format, &error)) {
        qmp_fail(c, QMP_GENERIC, "filename '%s': %s", file, error);
        g_free(error);
        return NULL;
    }
    return qmp_nothing();
}

// The first one, as QMP knows one only.
static Json *query_display_options(QmpCall *c)
{
    const GPtrArray *all = machine_lookup(c->machine, "displays");
    const Display *first = all && all->len ? g_ptr_array_index(all, 0) : NULL;
    return qmp_add_str(json_object_new_object(), "type", first ? first->type->name : "none");
}

static const QmpCommand commands[] = {
    {"query-display-options", "", "DisplayOptions", query_display_options},
    {"send-key", "keys:[KeyValue] hold-time?:int", NULL, send_key},
    {"input-send-event", "device?:str head?:int events:[InputEvent]", NULL, input_send_event},
    {"query-mice", "", "[MouseInfo]", query_mice},
    {"screendump", "filename:str device?:str head?:int format?:ImageFormat", NULL, run_screendump},
};

static const QmpType types[] = {
    {"DisplayOptions", QMP_OBJECT, "type:str"},
    {"KeyValueKind", QMP_ENUM, "number qcode"},
    {"KeyValue", QMP_UNION, "type:KeyValueKind | number=int qcode=str"},
    {"InputEventKind", QMP_ENUM, "key btn rel abs"},
    {"InputButton", QMP_ENUM,
     "left middle right wheel-up wheel-down side extra wheel-left wheel-right"},
    {"InputAxis", QMP_ENUM, "x y"},
    {"InputKeyEvent", QMP_OBJECT, "key:KeyValue down:bool"},
    {"InputBtnEvent", QMP_OBJECT, "button:InputButton down:bool"},
    {"InputMoveEvent", QMP_OBJECT, "axis:InputAxis value:int"},
    {"InputEvent", QMP_UNION,
     "type:InputEventKind | key=InputKeyEvent btn=InputBtnEvent rel=InputMoveEvent "
     "abs=InputMoveEvent"},
    {"MouseInfo", QMP_OBJECT, "name:str index:int current:bool absolute:bool"},
    {"ImageFormat", QMP_ENUM, "ppm png"},
};

static const QmpTable table = {.commands = commands,
                               .n_commands = ARRAY_LEN(commands),
                               .types = types,
                               .n_types = ARRAY_LEN(types)};
QMP_TABLE(table);
