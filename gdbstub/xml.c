// The target description that gdb asks for: the target's registers, grouped into the features that
// gdb knows by name (gdb manual, "Standard Target Features").
#include <string.h>

#include "gdbstub/internal.h"

// A feature starts at the register named here.
typedef struct Feature {
    const char *target; // TargetOps name
    const char *first;
    const char *name;
    const char *types; // type definitions that its registers use
} Feature;

static const char cpsr_type[] =
    "<flags id=\"cpsr_flags\" size=\"4\">"
    "<field name=\"SP\" start=\"0\" end=\"0\"/><field name=\"EL\" start=\"2\" end=\"3\"/>"
    "<field name=\"nRW\" start=\"4\" end=\"4\"/><field name=\"F\" start=\"6\" end=\"6\"/>"
    "<field name=\"I\" start=\"7\" end=\"7\"/><field name=\"A\" start=\"8\" end=\"8\"/>"
    "<field name=\"D\" start=\"9\" end=\"9\"/><field name=\"BTYPE\" start=\"10\" end=\"11\"/>"
    "<field name=\"SSBS\" start=\"12\" end=\"12\"/><field name=\"IL\" start=\"20\" end=\"20\"/>"
    "<field name=\"SS\" start=\"21\" end=\"21\"/><field name=\"PAN\" start=\"22\" end=\"22\"/>"
    "<field name=\"UAO\" start=\"23\" end=\"23\"/><field name=\"DIT\" start=\"24\" end=\"24\"/>"
    "<field name=\"TCO\" start=\"25\" end=\"25\"/><field name=\"V\" start=\"28\" end=\"28\"/>"
    "<field name=\"C\" start=\"29\" end=\"29\"/><field name=\"Z\" start=\"30\" end=\"30\"/>"
    "<field name=\"N\" start=\"31\" end=\"31\"/></flags>";

static const char vector_types[] =
    "<vector id=\"v2d\" type=\"ieee_double\" count=\"2\"/>"
    "<vector id=\"v2u\" type=\"uint64\" count=\"2\"/><vector id=\"v2i\" type=\"int64\" "
    "count=\"2\"/>"
    "<vector id=\"v4f\" type=\"ieee_single\" count=\"4\"/>"
    "<vector id=\"v4u\" type=\"uint32\" count=\"4\"/><vector id=\"v4i\" type=\"int32\" "
    "count=\"4\"/>"
    "<vector id=\"v8u\" type=\"uint16\" count=\"8\"/><vector id=\"v8i\" type=\"int16\" "
    "count=\"8\"/>"
    "<vector id=\"v16u\" type=\"uint8\" count=\"16\"/>"
    "<vector id=\"v16i\" type=\"int8\" count=\"16\"/>"
    "<vector id=\"v1u\" type=\"uint128\" count=\"1\"/>"
    "<vector id=\"v1i\" type=\"int128\" count=\"1\"/>"
    "<union id=\"vnd\"><field name=\"f\" type=\"v2d\"/><field name=\"u\" type=\"v2u\"/>"
    "<field name=\"s\" type=\"v2i\"/></union>"
    "<union id=\"vns\"><field name=\"f\" type=\"v4f\"/><field name=\"u\" type=\"v4u\"/>"
    "<field name=\"s\" type=\"v4i\"/></union>"
    "<union id=\"vnh\"><field name=\"u\" type=\"v8u\"/><field name=\"s\" type=\"v8i\"/></union>"
    "<union id=\"vnb\"><field name=\"u\" type=\"v16u\"/><field name=\"s\" type=\"v16i\"/></union>"
    "<union id=\"vnq\"><field name=\"u\" type=\"v1u\"/><field name=\"s\" type=\"v1i\"/></union>"
    "<union id=\"aarch64v\"><field name=\"d\" type=\"vnd\"/><field name=\"s\" type=\"vns\"/>"
    "<field name=\"h\" type=\"vnh\"/><field name=\"b\" type=\"vnb\"/>"
    "<field name=\"q\" type=\"vnq\"/></union>";

static const char eflags_type[] =
    "<flags id=\"i386_eflags\" size=\"4\">"
    "<field name=\"CF\" start=\"0\" end=\"0\"/><field name=\"\" start=\"1\" end=\"1\"/>"
    "<field name=\"PF\" start=\"2\" end=\"2\"/><field name=\"AF\" start=\"4\" end=\"4\"/>"
    "<field name=\"ZF\" start=\"6\" end=\"6\"/><field name=\"SF\" start=\"7\" end=\"7\"/>"
    "<field name=\"TF\" start=\"8\" end=\"8\"/><field name=\"IF\" start=\"9\" end=\"9\"/>"
    "<field name=\"DF\" start=\"10\" end=\"10\"/><field name=\"OF\" start=\"11\" end=\"11\"/>"
    "<field name=\"NT\" start=\"14\" end=\"14\"/><field name=\"RF\" start=\"16\" end=\"16\"/>"
    "<field name=\"VM\" start=\"17\" end=\"17\"/><field name=\"AC\" start=\"18\" end=\"18\"/>"
    "<field name=\"VIF\" start=\"19\" end=\"19\"/><field name=\"VIP\" start=\"20\" end=\"20\"/>"
    "<field name=\"ID\" start=\"21\" end=\"21\"/></flags>";

static const char sse_types[] =
    "<vector id=\"v4f\" type=\"ieee_single\" count=\"4\"/>"
    "<vector id=\"v2d\" type=\"ieee_double\" count=\"2\"/>"
    "<vector id=\"v16i8\" type=\"int8\" count=\"16\"/>"
    "<vector id=\"v8i16\" type=\"int16\" count=\"8\"/>"
    "<vector id=\"v4i32\" type=\"int32\" count=\"4\"/>"
    "<vector id=\"v2i64\" type=\"int64\" count=\"2\"/>"
    "<union id=\"vec128\"><field name=\"v4_float\" type=\"v4f\"/>"
    "<field name=\"v2_double\" type=\"v2d\"/><field name=\"v16_int8\" type=\"v16i8\"/>"
    "<field name=\"v8_int16\" type=\"v8i16\"/><field name=\"v4_int32\" type=\"v4i32\"/>"
    "<field name=\"v2_int64\" type=\"v2i64\"/><field name=\"uint128\" type=\"uint128\"/></union>";

static const Feature features[] = {
    {"aarch64", "x0", "org.gnu.gdb.aarch64.core", cpsr_type},
    {"aarch64", "v0", "org.gnu.gdb.aarch64.fpu", vector_types},
    {"arm", "r0", "org.gnu.gdb.arm.core", ""},
    {"arm", "d0", "org.gnu.gdb.arm.vfp", ""},
    {"x86_64", "rax", "org.gnu.gdb.i386.core", eflags_type},
    {"x86_64", "xmm0", "org.gnu.gdb.i386.sse", sse_types},
    {"x86_64", "ymm0h", "org.gnu.gdb.i386.avx", ""},
    {"x86_64", "fs_base", "org.gnu.gdb.i386.segments", ""},
    {"x86_64", "k_gs_base", "org.mimus.i386.system", ""},
    {"i386", "eax", "org.gnu.gdb.i386.core", eflags_type},
    {"i386", "xmm0", "org.gnu.gdb.i386.sse", sse_types},
    {"i386", "ymm0h", "org.gnu.gdb.i386.avx", ""},
    {"i386", "cr0", "org.mimus.i386.system", ""},
};

static const Feature *feature_at(const TargetOps *t, const char *reg)
{
    for (size_t i = 0; i < ARRAY_LEN(features); i++) {
        if (!strcmp(features[i].target, t->name) && !strcmp(features[i].first, reg)) {
            return &features[i];
        }
    }
    return NULL;
}

// Types that gdb has built in, and those defined above; anything else goes by its width.
static const char *type_of(const GdbRegister *r)
{
    static const char *const known[] = {
        "int",      "int8",        "int16",       "int32",      "int64",    "int128",
        "uint8",    "uint16",      "uint32",      "uint64",     "uint128",  "code_ptr",
        "data_ptr", "ieee_single", "ieee_double", "cpsr_flags", "aarch64v", "i387_ext",
        "float",    "i386_eflags", "vec128"};
    for (size_t i = 0; r->type && i < ARRAY_LEN(known); i++) {
        if (!strcmp(known[i], r->type)) {
            return r->type;
        }
    }
    return r->bits == 128 ? "aarch64v" : "int";
}

GString *gdb_target_xml(const TargetOps *t)
{
    GString *s = g_string_new("<?xml version=\"1.0\"?><!DOCTYPE target SYSTEM \"gdb-target.dtd\">"
                              "<target version=\"1.0\">");
    bool open = false;
    g_string_append_printf(s, "<architecture>%s</architecture>", t->gdb_arch);
    for (unsigned i = 0; i < t->n_gdb_regs; i++) {
        const GdbRegister *r = &t->gdb_regs[i];
        const Feature *f = feature_at(t, r->name);
        if (f || !open) {
            g_string_append_printf(s, "%s<feature name=\"%s\">%s", open ? "</feature>" : "",
                                   f ? f->name : "mimus", f ? f->types : "");
            open = true;
        }
        g_string_append_printf(s, "<reg name=\"%s\" bitsize=\"%u\" type=\"%s\" regnum=\"%u\"/>",
                               r->name, r->bits, type_of(r), i);
    }
    g_string_append(s, open ? "</feature></target>" : "</target>");
    return s;
}
