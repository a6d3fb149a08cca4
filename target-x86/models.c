// CPU models: what they call themselves and what they can do. A model's list may name features that
// Mimus does not have; then creating it says so, one line each, and CPUID does not show them.
#include "target-x86/system.h"

#include <glib.h>
#include <stdio.h>
#include <string.h>

#include "util/log.h"
#include "util/nearest.h"

#define INTEL "GenuineIntel"
#define AMD   "AuthenticAMD"
#define BRAND "Mimus Virtual CPU"

#define PENTIUM  "fpu vme de pse tsc msr mce cx8 apic mmx"
#define PPRO     "fpu de pse tsc msr mce cx8 pge cmov pat fxsr mmx sse sse2 pae sep apic"
#define PPRO_VME "mtrr clflush mca pse36 vme ss"

static const X86Model models[] = {
    {"486", "Intel 486 DX", INTEL, "", 1, 0, 4, 8, 0, NULL, "fpu vme pse"},
    {"pentium", "Intel Pentium", INTEL, "", 1, 0, 5, 4, 3, NULL, PENTIUM},
    {"pentium2", "Intel Pentium II", INTEL, "", 2, 0, 6, 5, 2, "pentium",
     "pae sep mtrr pge mca cmov pat pse36 fxsr"},
    {"pentium3", "Intel Pentium III", INTEL, "", 3, 0, 6, 7, 3, "pentium2", "sse"},
    {"coreduo", "Intel Core Duo", INTEL, "Genuine Intel(R) CPU           T2600  @ 2.16GHz", 10,
     0x80000008, 6, 14, 8, NULL, PPRO " vme mtrr clflush mca ss pni monitor nx"},
    {"core2duo", "Intel Core 2 Duo", INTEL, "Intel(R) Core(TM)2 Duo CPU     T7700  @ 2.40GHz", 10,
     0x80000008, 6, 15, 11, NULL,
     PPRO " " PPRO_VME " pni ssse3 monitor cx16 lm syscall nx lahf_lm"},
    {"qemu32", "32-bit CPU, as QEMU's", INTEL, BRAND, 4, 0x80000004, 6, 6, 3, NULL,
     PPRO " mtrr clflush mca pse36 pni"},
    {"qemu64", "64-bit CPU, as QEMU's", AMD, BRAND, 0xd, 0x8000000a, 15, 107, 1, NULL,
     PPRO " mtrr clflush mca pse36 pni cx16 lm syscall nx lahf_lm invtsc"},
    {"kvm32", "32-bit CPU for virtual machines", INTEL, BRAND, 5, 0x80000008, 15, 6, 1, NULL,
     PPRO " vme mtrr clflush mca pse36 pni"},
    {"kvm64", "64-bit CPU for virtual machines", INTEL, BRAND, 0xd, 0x80000008, 15, 6, 1, NULL,
     PPRO " vme mtrr clflush mca pse36 pni cx16 lm syscall nx"},
    {"Conroe", "Intel Celeron 4x0 (Conroe/Merom)", INTEL,
     "Intel Celeron_4x0 (Conroe/Merom Class Core 2)", 10, 0x80000008, 6, 15, 3, NULL,
     PPRO " vme mtrr clflush mca pse36 pni ssse3 lm syscall nx lahf_lm"},
    {"Penryn", "Intel Core 2 Duo P9xxx", INTEL, "Intel Core 2 Duo P9xxx (Penryn Class Core 2)", 10,
     0x80000008, 6, 23, 3, "Conroe", "cx16 sse4.1"},
    {"Nehalem", "Intel Core i7 9xx", INTEL, "Intel Core i7 9xx (Nehalem Class Core i7)", 11,
     0x80000008, 6, 26, 3, "Penryn", "popcnt sse4.2"},
    {"Westmere", "Intel Xeon E56xx", INTEL, "Westmere E56xx/L56xx/X56xx (Nehalem-C)", 11,
     0x80000008, 6, 44, 1, "Nehalem", "aes pclmulqdq"},
    {"SandyBridge", "Intel Xeon E312xx", INTEL, "Intel Xeon E312xx (Sandy Bridge)", 0xd, 0x80000008,
     6, 42, 1, "Westmere", "avx xsave tsc-deadline x2apic rdtscp xsaveopt"},
    {"IvyBridge", "Intel Xeon E3-12xx v2", INTEL, "Intel Xeon E3-12xx v2 (Ivy Bridge)", 0xd,
     0x80000008, 6, 58, 9, "SandyBridge", "rdrand f16c fsgsbase smep erms"},
    {"Haswell-noTSX", "Intel Core (Haswell, no TSX)", INTEL,
     "Intel Core Processor (Haswell, no TSX)", 0xd, 0x80000008, 6, 60, 1, "IvyBridge",
     "fma pcid movbe bmi1 avx2 bmi2 invpcid abm"},
    {"Haswell", "Intel Core (Haswell)", INTEL, "Intel Core Processor (Haswell)", 0xd, 0x80000008, 6,
     60, 4, "Haswell-noTSX", "hle rtm"},
    {"Broadwell-noTSX", "Intel Core (Broadwell, no TSX)", INTEL,
     "Intel Core Processor (Broadwell, no TSX)", 0xd, 0x80000008, 6, 61, 2, "Haswell-noTSX",
     "rdseed adx smap 3dnowprefetch"},
    {"Broadwell", "Intel Core (Broadwell)", INTEL, "Intel Core Processor (Broadwell)", 0xd,
     0x80000008, 6, 61, 2, "Broadwell-noTSX", "hle rtm"},
    {"Skylake-Client-noTSX-IBRS", "Intel Core (Skylake, IBRS, no TSX)", INTEL,
     "Intel Core Processor (Skylake, IBRS, no TSX)", 0xd, 0x80000008, 6, 94, 3, "Broadwell-noTSX",
     "xsavec xgetbv1 arat spec-ctrl"},
    {"Skylake-Client", "Intel Core (Skylake)", INTEL, "Intel Core Processor (Skylake)", 0xd,
     0x80000008, 6, 94, 3, "Broadwell", "xsavec xgetbv1 arat"},
    {"Skylake-Server-noAVX512", "Intel Xeon (Skylake) without AVX-512 and TSX", INTEL,
     "Intel Xeon Processor (Skylake)", 0xd, 0x80000008, 6, 85, 4, "Broadwell-noTSX",
     "xsavec xgetbv1 arat clwb clflushopt pdpe1gb"},
    {"Skylake-Server", "Intel Xeon (Skylake)", INTEL, "Intel Xeon Processor (Skylake)", 0xd,
     0x80000008, 6, 85, 4, "Skylake-Server-noAVX512",
     "hle rtm pku avx512f avx512dq avx512cd avx512bw avx512vl"},
    {"EPYC", "AMD EPYC", AMD, "AMD EPYC Processor", 0xd, 0x8000001e, 23, 1, 2, NULL,
     PPRO
     " vme mtrr clflush mca pse36 pni pclmulqdq ssse3 fma cx16 sse4.1 sse4.2 movbe popcnt aes "
     "xsave avx f16c rdrand pdpe1gb rdtscp lm syscall nx mmxext fxsr_opt lahf_lm cr8legacy abm "
     "sse4a misalignsse 3dnowprefetch osvw topoext fsgsbase bmi1 avx2 smep bmi2 rdseed adx smap "
     "clflushopt sha-ni xsaveopt xsavec xgetbv1 arat perfctr_core"},
    {"max", "everything that Mimus implements", AMD, BRAND, 0x16, 0x8000000a, 15, 107, 1, NULL,
     "*"},
};

const X86Model *x86_model_find(const char *name)
{
    for (unsigned i = 0; i < ARRAY_LEN(models); i++) {
        if (!strcmp(models[i].name, name)) {
            return &models[i];
        }
    }
    return NULL;
}

const X86Model *x86_model_at(unsigned i)
{
    return i < ARRAY_LEN(models) ? &models[i] : NULL;
}

// --- features by name

typedef struct Feature {
    const char *name;
    uint32_t leaf;
    uint8_t sub, reg, bit;
} Feature;

static const Feature known[] = {
#define X86_FEATURE(symbol, name, leaf, subleaf, reg, bit) {name, leaf, subleaf, reg, bit},
#include "target-x86/feature_list.h"
};

// What models have and Mimus has not.
static const Feature missing[] = {
    {"hle", 7, 0, 1, 4},
    {"rtm", 7, 0, 1, 11},
    {"avx512f", 7, 0, 1, 16},
    {"avx512dq", 7, 0, 1, 17},
    {"avx512cd", 7, 0, 1, 28},
    {"avx512bw", 7, 0, 1, 30},
    {"avx512vl", 7, 0, 1, 31},
    {"pku", 7, 0, 2, 3},
    {"la57", 7, 0, 2, 16},
    {"spec-ctrl", 7, 0, 3, 26},
    {"stibp", 7, 0, 3, 27},
    {"arch-capabilities", 7, 0, 3, 29},
    {"ssbd", 7, 0, 3, 31},
    {"vaes", 7, 0, 2, 9},
    {"vpclmulqdq", 7, 0, 2, 10},
    {"gfni", 7, 0, 2, 8},
    {"dtes64", 1, 0, 2, 2},
    {"vmx", 1, 0, 2, 5},
    {"est", 1, 0, 2, 7},
    {"ht", 1, 0, 3, 28},
    {"svm", 0x80000001, 0, 2, 2},
    {"cr8legacy", 0x80000001, 0, 2, 4},
    {"sse4a", 0x80000001, 0, 2, 6},
    {"misalignsse", 0x80000001, 0, 2, 7},
    {"osvw", 0x80000001, 0, 2, 9},
    {"xop", 0x80000001, 0, 2, 11},
    {"fma4", 0x80000001, 0, 2, 16},
    {"tbm", 0x80000001, 0, 2, 21},
    {"topoext", 0x80000001, 0, 2, 22},
    {"perfctr_core", 0x80000001, 0, 2, 23},
    {"mmxext", 0x80000001, 0, 3, 22},
    {"fxsr_opt", 0x80000001, 0, 3, 25},
    {"3dnowext", 0x80000001, 0, 3, 30},
    {"3dnow", 0x80000001, 0, 3, 31},
    {"xsaves", 0xd, 1, 0, 3},
    {"ibpb", 0x80000008, 0, 1, 12},
};

// "sse4_1", "sse4.1" and "sse4-1" are one name.
static bool same_name(const char *a, const char *b)
{
    static const char separators[] = "_-.";
    while (*a && *b && (*a == *b || (strchr(separators, *a) && strchr(separators, *b)))) {
        a++;
        b++;
    }
    return *a == *b;
}

static const Feature *find(const Feature *list, unsigned n, const char *name)
{
    for (unsigned i = 0; i < n; i++) {
        if (same_name(list[i].name, name)) {
            return &list[i];
        }
    }
    return NULL;
}

static void set(X86Features *f, unsigned n, bool on)
{
    uint64_t bit = UINT64_C(1) << n % 64;
    f->bits[n / 64] = on ? f->bits[n / 64] | bit : f->bits[n / 64] & ~bit;
}

static void warn_missing(const char *model, const Feature *f)
{
    static const char regs[4][4] = {"EAX", "EBX", "ECX", "EDX"};
    report("warning: -cpu %s: no feature CPUID.%02XH:%s.%s [bit %u]", model, f->leaf, regs[f->reg],
           f->name, f->bit);
}

// True if the name is one at all.
static bool change(X86CPU *c, const char *name, bool on, bool warn)
{
    const Feature *f = find(known, ARRAY_LEN(known), name);
    if (f) {
        set(&c->features, (unsigned)(f - known), on);
        return true;
    }
    // ARAT is not a feature of the CPU here, but always so.
    if (same_name(name, "arat")) {
        return true;
    }
    f = find(missing, ARRAY_LEN(missing), name);
    if (f && on && warn) {
        warn_missing(c->model->name, f);
    }
    return f;
}

static void apply_model(X86CPU *c, const X86Model *m)
{
    if (m->base) {
        apply_model(c, x86_model_find(m->base));
    }
    char **name = g_strsplit(m->features, " ", -1);
    for (unsigned i = 0; name[i]; i++) {
        if (!strcmp(name[i], "*")) {
            c->features = (X86Features){{UINT64_MAX, UINT64_MAX}};
        } else if (*name[i]) {
            bool known_name = change(c, name[i], true, true);
            g_assert(known_name);
        }
    }
    g_strfreev(name);
}

// A feature that another one cannot do without. Rows stand after what they need.
typedef struct Need {
    uint8_t feature, needs;
} Need;

#define NEED(f, n)                                                                                 \
    {                                                                                              \
        X86_FEAT_##f, X86_FEAT_##n                                                                 \
    }
static const Need needs[] = {
    NEED(MMX, FPU),     NEED(FXSR, FPU),       NEED(SSE, FXSR),         NEED(SSE2, SSE),
    NEED(SSE3, SSE2),   NEED(SSSE3, SSE3),     NEED(SSE41, SSSE3),      NEED(SSE42, SSE41),
    NEED(AES, SSE2),    NEED(PCLMULQDQ, SSE2), NEED(SHA, SSE2),         NEED(XSAVE, FXSR),
    NEED(AVX, XSAVE),   NEED(AVX, SSE42),      NEED(AVX2, AVX),         NEED(FMA, AVX),
    NEED(F16C, AVX),    NEED(XSAVEOPT, XSAVE), NEED(XSAVEC, XSAVE),     NEED(XGETBV1, XSAVE),
    NEED(LM, PAE),      NEED(LM, SYSCALL),     NEED(NX, PAE),           NEED(LAHF_LM, LM),
    NEED(PDPE1GB, LM),  NEED(FSGSBASE, LM),    NEED(PCID, LM),          NEED(CX16, LM),
    NEED(RDTSCP, TSC),  NEED(TSC_ADJUST, TSC), NEED(TSC_DEADLINE, TSC), NEED(TSC_DEADLINE, APIC),
    NEED(X2APIC, APIC), NEED(INVTSC, TSC),
};

static void close_features(X86CPU *c)
{
    set(&c->features, X86_FEAT_BASE, true);
    if (!c->sys->lm) {
        set(&c->features, X86_FEAT_LM, false);
    }
    for (unsigned i = 0; i < ARRAY_LEN(needs); i++) {
        if (!x86_has(c, needs[i].needs)) {
            set(&c->features, needs[i].feature, false);
        }
    }
}

// --- "-cpu"

static char *unknown(const char *model, const char *key)
{
    Nearest n;
    nearest_init(&n, key);
    for (unsigned i = 0; i < ARRAY_LEN(known); i++) {
        nearest_add(&n, known[i].name);
    }
    char *hint = nearest_hint(&n);
    char *error =
        g_strdup_printf("-cpu %s: no feature '%s'%s; -cpu help lists them", model, key, hint);
    g_free(hint);
    return error;
}

static bool is_one_of(const char *s, const char *a, const char *b, const char *c)
{
    return !strcmp(s, a) || !strcmp(s, b) || !strcmp(s, c);
}

static bool apply_option(X86CPU *c, const char *item, char **error)
{
    const char *model = c->model->name, *eq = strchr(item, '=');
    bool sign = *item == '+' || *item == '-', on = *item != '-', ok = true;
    const char *from = sign ? item + 1 : item;
    char *key = eq ? g_strndup(from, (gsize)(eq - from)) : g_strdup(from);
    if (eq && is_one_of(eq + 1, "on", "true", "yes")) {
        on = true;
    } else if (eq && is_one_of(eq + 1, "off", "false", "no")) {
        on = false;
    } else if (eq) {
        *error = g_strdup_printf("-cpu %s: %s: '%s' is neither on nor off", model, key, eq + 1);
        ok = false;
    }
    // Things that QEMU's CPUs can be asked for and that are so, or do not matter, here.
    static const char *const ignored[] = {"check", "migratable", "l3-cache", "kvm",
                                          "host-cache-info"};
    for (unsigned i = 0; i < ARRAY_LEN(ignored); i++) {
        if (ok && same_name(key, ignored[i])) {
            g_free(key);
            return true;
        }
    }
    if (ok && !change(c, key, on, true)) {
        *error = unknown(model, key);
        ok = false;
    }
    g_free(key);
    return ok;
}

bool x86_choose_model(X86CPU *c, const char *spec, char **error)
{
    char **part = g_strsplit(spec, ",", -1);
    const char *name = part[0] ? part[0] : "";
    bool ok = true;
    c->model = x86_model_find(name);
    if (!c->model) {
        Nearest n;
        nearest_init(&n, name);
        for (unsigned i = 0; i < ARRAY_LEN(models); i++) {
            nearest_add(&n, models[i].name);
        }
        char *hint = nearest_hint(&n);
        *error = g_strdup_printf("-cpu %s: no such CPU model%s; -cpu help lists them", name, hint);
        g_free(hint);
        ok = false;
    } else {
        apply_model(c, c->model);
        set(&c->features, X86_FEAT_HYPERVISOR, true);
        for (unsigned i = 1; ok && part[i]; i++) {
            ok = apply_option(c, part[i], error);
        }
        close_features(c);
    }
    g_strfreev(part);
    return ok;
}

void x86_cpu_list(void *file)
{
    FILE *f = file;
    fprintf(f, "CPU models (-cpu MODEL[,+FEATURE][,-FEATURE][,FEATURE=on|off]...):\n");
    for (unsigned i = 0; i < ARRAY_LEN(models); i++) {
        fprintf(f, "  %-26s %s\n", models[i].name, models[i].desc);
    }
    fprintf(f, "features:\n ");
    for (unsigned i = 1; i < ARRAY_LEN(known); i++) {
        fprintf(f, " %s%s", known[i].name, i % 12 ? "" : "\n ");
    }
    fprintf(f, "\n");
}

const char *x86_cpu_model_name(unsigned i)
{
    return i < ARRAY_LEN(models) ? models[i].name : NULL;
}
