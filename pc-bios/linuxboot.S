# Option ROM that starts a Linux kernel which fw_cfg holds, for firmware that knows nothing of it.
# Firmware runs "boot" as a boot device (Plug and Play BIOS 1.0A, bootstrap entry vector).
#
#   fw_cfg        selector port 0x510, data 0x511, DMA address 0x514 (big-endian, low half last)
#   what is read  setup, command line, kernel, initrd: each has an address, a size and a data item
#   then          the kernel's real-mode entry: CS = setup + 0x200, other segments = setup
#
# linuxboot.inc has the bytes; scripts/make-roms writes it.
    .intel_syntax noprefix
    .code16
    .text

    .set FW_CFG, 0x510
    .set FW_CFG_DMA_HIGH, 0x514
    .set DMA_READ_SELECT, 0x0a
    .set REQUEST, 0x7c00        # control, length, address: 16 bytes; the stack lies below
    .set SETUP_ADDR, 0x16
    .set CMDLINE_ADDR, 0x13

rom:
    .word 0xaa55
    .byte 1                     # units of 512 bytes
    retf                        # nothing to initialize
    .org 0x18
    .word 0                     # no PCI data
    .word pnp - rom

pnp:
    .ascii "$PnP"
    .byte 1, 2                  # revision, length in 16 bytes
    .word 0
    .byte 0, 0                  # checksum: by scripts/make-roms
    .long 0
    .word maker - rom
    .word product - rom
    .byte 0x02, 0x00, 0x00      # a network card is the nearest kind
    .byte 0x14                  # boots; has to be called for that
    .word 0, 0
    .word boot - rom
    .word 0, 0

maker:
    .asciz "Mimus"
product:
    .asciz "Linux loader"

# Four bytes of item AX, as EAX. Changes EBX, CX, DX.
read32:
    mov dx, FW_CFG
    out dx, ax
    inc dx
    mov cx, 4
1:  in al, dx
    shr ebx, 8
    shl eax, 24
    or ebx, eax
    loop 1b
    mov eax, ebx
    ret

# Items at CS:SI: address, size, data.
load:
    mov ax, cs:[si]
    call read32
    bswap eax
    mov dword ptr [REQUEST + 12], eax
    mov dword ptr [REQUEST + 8], 0
    mov ax, cs:[si + 2]
    call read32
    test eax, eax
    jz 2f
    bswap eax
    mov dword ptr [REQUEST + 4], eax
    movzx eax, word ptr cs:[si + 4]
    shl eax, 16
    or eax, DMA_READ_SELECT
    bswap eax
    mov dword ptr [REQUEST], eax
    mov dx, FW_CFG_DMA_HIGH
    xor eax, eax
    out dx, eax
    add dx, 4
    mov eax, REQUEST
    bswap eax
    out dx, eax
1:  mov eax, dword ptr [REQUEST]
    test eax, 0xfeffffff        # all but the error bit, big-endian
    jnz 1b
2:  ret

items:
    .word 0x16, 0x17, 0x18      # setup
    .word 0x13, 0x14, 0x15      # command line
    .word 0x07, 0x08, 0x11      # kernel
    .word 0x0a, 0x0b, 0x12      # initrd

boot:
    cli
    cld
    xor ax, ax
    mov ds, ax
    mov ss, ax
    mov esp, REQUEST
    mov si, offset items - rom
    mov bp, 4
1:  call load
    add si, 6
    dec bp
    jnz 1b
    mov ax, CMDLINE_ADDR
    call read32
    mov edi, eax
    mov ax, SETUP_ADDR
    call read32
    sub edi, eax                # the stack ends where the command line begins
    sub edi, 16
    shr eax, 4
    mov ds, ax
    mov es, ax
    mov fs, ax
    mov gs, ax
    mov ss, ax
    mov esp, edi
    add ax, 0x20
    push ax
    push 0
    retf
    .org 511
    .byte 0                     # checksum: by scripts/make-roms
