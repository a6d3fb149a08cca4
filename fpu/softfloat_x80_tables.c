// Constants of the transcendental functions, rounded to 128 bits.
#include "fpu/softfloat_x80_series.h"

#define WIDE(sgn, e, hi, lo)                                                                       \
    {                                                                                              \
        .sign = (sgn), .exp = (e), .frac = (sf_u128)UINT64_C(hi) << 64 | UINT64_C(lo)              \
    }

const Wide wide_one = WIDE(false, 0, 0x8000000000000000, 0);
const Wide wide_ln2 = WIDE(false, -1, 0xb17217f7d1cf79ab, 0xc9e3b39803f2f6af);
const Wide wide_log2e = WIDE(false, 0, 0xb8aa3b295c17f0bb, 0xbe87fed0691d3e89);
const Wide wide_pi = WIDE(false, 1, 0xc90fdaa22168c234, 0xc4c6628b80dc1cd1);

// atan(k / 8)
const Wide wide_atan_eighths[9] = {
    WIDE(false, 0, 0, 0),
    WIDE(false, -4, 0xfeadd4d5617b6e32, 0xc897989f3e888ef8),
    WIDE(false, -3, 0xfadbafc96406eb15, 0x6dc79ef5f7a217e6),
    WIDE(false, -2, 0xb7b0ca0f26f78473, 0x8aa32122dcfe4483),
    WIDE(false, -2, 0xed63382b0dda7b45, 0x6fe445ecbc3a8d03),
    WIDE(false, -1, 0x8f005d5ef7f59f9b, 0x5c835e1665c43748),
    WIDE(false, -1, 0xa4bc7d1934f70924, 0x19a87f2a457dac9f),
    WIDE(false, -1, 0xb8053e2bc2319e73, 0xcb2da55210a4443d),
    WIDE(false, -1, 0xc90fdaa22168c234, 0xc4c6628b80dc1cd1),
};

// 2^(k / 16) - 1, from k = -16
const Wide wide_exp_sixteenths[33] = {
    WIDE(true, -1, 0x8000000000000000, 0x0000000000000000),
    WIDE(true, -2, 0xf4aa7930676f09d6, 0x746d48e7bd567c9c),
    WIDE(true, -2, 0xe8d47c382ae85232, 0x08373af14eb586e0),
    WIDE(true, -2, 0xdc785918a9dc7993, 0xe0524e3ea34a6c50),
    WIDE(true, -2, 0xcf901f5ce48ead21, 0x72a5b9cfa37a1213),
    WIDE(true, -2, 0xc2159b3edcbddca4, 0xbeddc1ec288c045d),
    WIDE(true, -2, 0xb40252ac9d5d8e2b, 0xc685013bd1df1fca),
    WIDE(true, -2, 0xa54f822b7abd6a73, 0x6cfeae6e14cba277),
    WIDE(true, -2, 0x95f619980c4336f7, 0x4d04ec99156a82c2),
    WIDE(true, -2, 0x85eeb8c14fe79282, 0xaefdc09325e0a10c),
    WIDE(true, -3, 0xea6357baabe4948b, 0x0754bcda6c898322),
    WIDE(true, -3, 0xc76dcfab81edfc70, 0x7729f1c1a834e44a),
    WIDE(true, -3, 0xa2ec0cd4a58a542f, 0x1965d119bf4b0088),
    WIDE(true, -4, 0xf999089eab58f777, 0xcd3b57db916661af),
    WIDE(true, -4, 0xa9f9c8c116de3689, 0x7e9452647c8d582a),
    WIDE(true, -5, 0xada82eadb7933d38, 0x462f3851267f03c9),
    WIDE(false, 0, 0, 0),
    WIDE(false, -5, 0xb5586cf9890f6298, 0xb92b71842a983643),
    WIDE(false, -4, 0xb95c1e3ea8bd6e6f, 0xbe4628758a53c902),
    WIDE(false, -3, 0x8e1e9b9d588e19b0, 0x7eb6c70572d64ec1),
    WIDE(false, -3, 0xc1bf828c6dc54b7a, 0x356918c17217b7b3),
    WIDE(false, -3, 0xf7a993048d088d6d, 0x0488f84f5dcfee8b),
    WIDE(false, -2, 0x97fb5aa6c544e3a8, 0x72f5fd885c41c06c),
    WIDE(false, -2, 0xb560fba90a852b19, 0x2602a323d668bb12),
    WIDE(false, -2, 0xd413cccfe7799211, 0x65f626cdd52afa7c),
    WIDE(false, -2, 0xf4228e7d6030dafa, 0xa2047ed9b43ebde8),
    WIDE(false, -1, 0x8ace5422aa0db5ba, 0x7c55a192c9bb3e6f),
    WIDE(false, -1, 0x9c49182a3f0901c7, 0xc46b071f2be58ddb),
    WIDE(false, -1, 0xae89f995ad3ad5e8, 0x734d1773205a7fbc),
    WIDE(false, -1, 0xc199bdd85529c222, 0x0cb12a091ba66794),
    WIDE(false, -1, 0xd5818dcfba48725d, 0xa05aeb66e0dca9f6),
    WIDE(false, -1, 0xea4afa2a490d9858, 0xf73a18f5db301f87),
    WIDE(false, 0, 0x8000000000000000, 0x0000000000000000),
};

// log2(64 / j), from j = 45
const Wide wide_log_inverse[WIDE_LOG_LAST - WIDE_LOG_FIRST + 1] = {
    WIDE(false, -1, 0x8215ea5cd3e4c4c7, 0x9b39ffeebc29372a),
    WIDE(false, -2, 0xf3efaff29c559a77, 0xda8ad649da21eab0),
    WIDE(false, -2, 0xe40cee16a2ff21c4, 0xaec562332791fe38),
    WIDE(false, -2, 0xd47fcb8c0852f0c0, 0xbfe9dbebf2e8a45e),
    WIDE(false, -2, 0xc544c055fde99333, 0x54dbf16fb0695ee3),
    WIDE(false, -2, 0xb6587b432e47501b, 0x6d40900b25024b32),
    WIDE(false, -2, 0xa7b7dd96762cc3c7, 0x2742d7296a39eed6),
    WIDE(false, -2, 0x995ff71b8773432d, 0x124bc6f1acf95dc4),
    WIDE(false, -2, 0x8b4e029b1f8ac391, 0xa87c02eaf36e2c29),
    WIDE(false, -3, 0xfafec54831f1a484, 0x7f7b2787b173da32),
    WIDE(false, -3, 0xdfe33d3fffa66037, 0x815ef705cfaef035),
    WIDE(false, -3, 0xc544c055fde99333, 0x54dbf16fb0695ee3),
    WIDE(false, -3, 0xab1ee14ffd659064, 0x3906f29bbe579929),
    WIDE(false, -3, 0x916d6e1559a4b696, 0x91d79938e7226384),
    WIDE(false, -4, 0xf058d74797eab325, 0x9d2c6d9213f3f83c),
    WIDE(false, -4, 0xbeb024b67dda6339, 0xda288fc615a727dc),
    WIDE(false, -4, 0x8dd9953002a4e866, 0x31514aef39ce6303),
    WIDE(false, -5, 0xbb9ca64ecac6aaef, 0x2e1c07f0438ebac0),
    WIDE(false, -6, 0xba1f7430f9aab1b2, 0xa41b08fbe05f82d0),
    WIDE(false, 0, 0, 0),
    WIDE(true, -6, 0xb73cb42e16914c53, 0x713f108c0857ca30),
    WIDE(true, -5, 0xb5d69bac77ec3989, 0xb03784b5be084906),
    WIDE(true, -4, 0x8759c4fd14fcd59e, 0x7ba5d5ccc90b8336),
    WIDE(true, -4, 0xb31fb7d64898b3e6, 0x629c130a22bad61e),
    WIDE(true, -4, 0xde4212056d5dd31d, 0x962d3728cbd5c3cb),
    WIDE(true, -3, 0x8462c466d3cf1cb1, 0x3de37e852a9455ea),
    WIDE(true, -3, 0x99574f13c570d0fa, 0x8f9603ad3a5d326d),
    WIDE(true, -3, 0xae00d1cfdeb43cfd, 0x00589050345d6e89),
    WIDE(true, -3, 0xc2615e81781d97ee, 0x9124773b1d4ab87c),
    WIDE(true, -3, 0xd67af16da7649f7f, 0x08f65e00c1b1a5a9),
    WIDE(true, -3, 0xea4f726192cb7e47, 0xa5ab2811d02a20e0),
    WIDE(true, -3, 0xfde0b5c81340511d, 0x46ccc53c2779af92),
    WIDE(true, -2, 0x88983ed6985bae58, 0x4b82d3cad274fe0d),
    WIDE(true, -2, 0x92203d587039cc12, 0x2dca5d22601dfddf),
    WIDE(true, -2, 0x9b892675266f66cc, 0x899b64b03f7230dd),
    WIDE(true, -2, 0xa4d3c25e68dc57f2, 0x495fb7fa6d7eda67),
    WIDE(true, -2, 0xae00d1cfdeb43cfd, 0x00589050345d6e89),
    WIDE(true, -2, 0xb7110e6ce866f2bc, 0x6a905a27b81e2219),
    WIDE(true, -2, 0xc0052b18b0e2a195, 0x75b04fa6fbd6446c),
    WIDE(true, -2, 0xc8ddd448f8b845a5, 0x95a82b5c34e2ac31),
    WIDE(true, -2, 0xd19bb053fb0284eb, 0xe206bcbcf62d8fee),
    WIDE(true, -2, 0xda3f5fb9c4150520, 0xa377c7ec513c756e),
    WIDE(true, -2, 0xe2c97d694adab3f3, 0xf72a5777998629e0),
    WIDE(true, -2, 0xeb3a9f01975077f1, 0xf5f0cc82aaa9ad7e),
    WIDE(true, -2, 0xf393550f3aa69062, 0x8cf097a388999abd),
    WIDE(true, -2, 0xfbd42b4658367670, 0xc98c002287ad91ab),
    WIDE(true, -1, 0x81fed45cbccbf99c, 0xa1a3202b3d68f965),
};
