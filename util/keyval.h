// Option arguments of the form "first,key=value,key,nokey": a comma in a value is doubled, a bare
// key means key=on, "no" before a bare key means key=off.
#ifndef UTIL_KEYVAL_H
#define UTIL_KEYVAL_H

#include "util/bits.h"

typedef struct KeyValItem {
    char *key, *value;
    bool bare; // written without a value
    bool used; // asked for by keyval_get*
} KeyValItem;

typedef struct KeyVal {
    KeyValItem *item;
    unsigned n;
} KeyVal;

// A first element without '=' becomes implied=element if implied is not NULL.
KeyVal *keyval_parse(const char *text, const char *implied);
void keyval_free(KeyVal *kv);
// The last value given for key, or NULL. Marks it used.
const char *keyval_get(KeyVal *kv, const char *key);
// False with *error ("OPTION: key=value: reason") if the value is not of the kind; *out keeps its
// value if the key is not there.
bool keyval_bool(KeyVal *kv, const char *key, bool *out, char **error);
bool keyval_u64(KeyVal *kv, const char *key, uint64_t *out, char **error);
bool keyval_size(KeyVal *kv, const char *key, uint64_t unit, uint64_t *out, char **error);
// False with *error naming the first key that nothing asked for; known (ended by NULL) serves to
// name the nearest.
bool keyval_all_used(const KeyVal *kv, const char *const *known, char **error);

// "on/off/yes/no/true/false"; "0x10"; "512M", "2.5G", with unit for a bare number.
bool parse_bool(const char *s, bool *out);
bool parse_u64(const char *s, uint64_t *out);
bool parse_size(const char *s, uint64_t unit, uint64_t *out);

#endif
