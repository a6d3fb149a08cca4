// Kernels that V8 makes machine code of, in its several tiers; each prints a value that must not
// depend on where it runs.
'use strict';

function sieve(n) {
  const composite = new Uint8Array(n + 1);
  let count = 0;
  for (let i = 2; i <= n; i++) {
    if (composite[i]) continue;
    count++;
    for (let k = i * i; k <= n; k += i) composite[k] = 1;
  }
  return count;
}

function hash(n) {
  let h = 0x811c9dc5 | 0;
  for (let i = 0; i < n; i++) {
    h = Math.imul(h ^ (i & 255), 16777619);
    h ^= (h >>> 13) + (h << 3);
  }
  return h >>> 0;
}

function doubles(n) {
  const m = new Float64Array(n * n).map((_, i) => (i * 7919 % 101) / 7);
  let trace = 0;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      let s = 0;
      for (let k = 0; k < n; k++) s += m[i * n + k] * m[k * n + j];
      trace += Math.sqrt(s) - Math.floor(s / 3) % 5;
    }
  }
  return trace;
}

class Tree {
  constructor(key) { this.key = key; this.left = this.right = null; }
  add(key) {
    const side = key < this.key ? 'left' : 'right';
    if (this[side]) this[side].add(key); else this[side] = new Tree(key);
  }
  sum(depth) {
    return this.key % (depth + 1) + (this.left ? this.left.sum(depth + 1) : 0) +
      (this.right ? this.right.sum(depth + 1) : 0);
  }
}

function objects(n) {
  const root = new Tree(n >> 1);
  for (let i = 0, x = 12345; i < n; i++) {
    x = (x * 1103515245 + 12345) % 2147483648;
    root.add(x % n);
  }
  return root.sum(0);
}

function big(n) {
  let a = 1n, s = 0n;
  for (let i = 1n; i < BigInt(n); i++) {
    a = a * (i * 2n + 1n) % 1000000007000000009000000011n;
    s ^= a << (i % 64n);
  }
  return s.toString(36);
}

function texts(n) {
  const words = new Map();
  let text = '';
  for (let i = 0; i < n; i++) text += 'w' + (i * i) % 211 + (i % 3 ? ' ' : '; ');
  text.replace(/w(\d+)([ ;])/g, (_, d, end) => words.set(d + end, (words.get(d + end) || 0) + 1));
  const sorted = [...words].sort((p, q) => q[1] - p[1] || (p[0] < q[0] ? -1 : 1));
  return JSON.stringify(sorted.slice(0, 3)) + JSON.parse(JSON.stringify(sorted)).length;
}

// Types change after the code was made for others; exceptions leave it.
function changes(n) {
  const add = (a, b) => a + b;
  let s = 0, caught = 0;
  for (let i = 0; i < n; i++) s = add(s, i) % 1e6;
  for (let i = 0; i < n; i++) s = add(s, i / 3);
  let t = '';
  for (let i = 0; i < 50; i++) t = add(t, String.fromCharCode(65 + i % 26));
  for (let i = 0; i < n / 10; i++) {
    try {
      if (i % 3 === 0) null.field;
      if (i % 3 === 1) throw new RangeError(String(i));
    } catch (e) {
      caught += e instanceof TypeError ? 1 : Number(e.message) % 7;
    }
  }
  return s + t + caught;
}

// (func (param i32) (result i64)): a loop of multiplications and additions of 64 bits.
function wasm(n) {
  const bytes = [0, 97, 115, 109, 1, 0, 0, 0, 1, 6, 1, 96, 1, 127, 1, 126, 3, 2, 1, 0, 7, 5, 1, 1, 102, 0, 0,
    10, 39, 1, 37, 1, 1, 126, 66, 1, 33, 1, 3, 64, 32, 1, 66, 173, 254, 213, 228, 212, 133, 253, 168, 216,
    0, 126, 32, 0, 173, 124, 34, 1, 26, 32, 0, 65, 1, 107, 34, 0, 13, 0, 11, 32, 1, 11];
  bytes[28] = bytes.length - 29;
  bytes[30] = bytes.length - 31;
  const module = new WebAssembly.Module(new Uint8Array(bytes));
  return new WebAssembly.Instance(module).exports.f(n).toString();
}

const kernels = [[sieve, 300000], [hash, 1000000], [doubles, 90], [objects, 20000], [big, 2000], [texts, 15000],
  [changes, 60000], [wasm, 500000]];
for (let round = 0; round < 2; round++) {
  for (const [f, n] of kernels) console.log(f.name + ' ' + f(n));
}
Promise.all([1, 2, 3].map((x) => new Promise((r) => setTimeout(() => r(x * x), 5)))).then((v) => {
  console.log('timers ' + v);
});
