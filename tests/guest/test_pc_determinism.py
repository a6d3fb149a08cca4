#!/usr/bin/env python3
"""As test_determinism, for PCs: the same states with any engine, code cache and host load."""
from test_determinism import INTERP, JIT, SINGLE, against_itself, same, states


def main():
    pc = {"arch": "amd64", "board": "pc"}
    one = against_itself(1, 300_000_000, 10_000_000, **pc)
    n = 80_000_000
    same("interpreter", one[:8], states(INTERP, 1, n, 10_000_000, **pc)[:8])
    same("one instruction a block", one[:3], states(SINGLE, 1, 30_000_000, 10_000_000, **pc)[:3])
    q35 = {"arch": "i386", "board": "q35"}
    two = states(JIT, 2, n, 10_000_000, **q35)
    same("interpreter, 2 CPUs", two[:5], states(INTERP, 2, n * 5 // 8, 10_000_000, **q35)[:5])


if __name__ == "__main__":
    main()
