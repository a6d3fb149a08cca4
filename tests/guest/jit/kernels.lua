-- Kernels that a tracing JIT makes machine code of; each prints a number that must not depend on
-- where it runs. Arguments: how often each is repeated.
local bit, ffi = require("bit"), require("ffi")
local times = tonumber(arg and arg[1] or 1)

local function sieve(n)
  local composite, count = {}, 0
  for i = 2, n do
    if not composite[i] then
      count = count + 1
      for k = i * i, n, i do composite[k] = true end
    end
  end
  return count
end

local function bodies(steps)
  local x, y, vx, vy, m = { 0, 1, 0, -1.5 }, { 0, 0, 2, 0.25 }, { 0, 0, 0.7, 0 }, { 0, 1, 0, -0.8 },
    { 1, 1e-3, 2e-3, 5e-4 }
  for _ = 1, steps do
    for i = 1, 4 do
      for k = i + 1, 4 do
        local dx, dy = x[i] - x[k], y[i] - y[k]
        local d2 = dx * dx + dy * dy + 1e-6
        local f = 0.001 / (d2 * math.sqrt(d2))
        vx[i], vy[i] = vx[i] - dx * m[k] * f, vy[i] - dy * m[k] * f
        vx[k], vy[k] = vx[k] + dx * m[i] * f, vy[k] + dy * m[i] * f
      end
    end
    for i = 1, 4 do x[i], y[i] = x[i] + 0.001 * vx[i], y[i] + 0.001 * vy[i] end
  end
  return x[1] + 3 * y[2] + 5 * x[3] + 7 * y[4]
end

local function mandelbrot(n)
  local sum = 0
  for row = 0, n - 1 do
    for col = 0, n - 1 do
      local cr, ci, zr, zi, k = 2 * col / n - 1.5, 2 * row / n - 1, 0, 0, 0
      while k < 50 and zr * zr + zi * zi < 4 do
        zr, zi, k = zr * zr - zi * zi + cr, 2 * zr * zi + ci, k + 1
      end
      sum = bit.bxor(bit.rol(sum, 1), k)
    end
  end
  return sum
end

local function product(n)
  local a, b, sum = {}, {}, 0
  for i = 1, n * n do a[i], b[i] = (i * 7919) % 101 / 7, (i * 104729) % 97 / 13 end
  for i = 0, n - 1 do
    for k = 1, n do
      local s = 0
      for j = 1, n do s = s + a[i * n + j] * b[(j - 1) * n + k] end
      sum = sum + s % 17
    end
  end
  return sum
end

local function integers(n)
  local s, t = 123456789ULL, 0LL
  for i = 1, n do
    s = s * 6364136223846793005ULL + 1442695040888963407ULL
    t = t + ffi.cast("int64_t", s / (i + 1)) % 1000003LL - ffi.cast("int32_t", s)
  end
  return tostring(s) .. " " .. tostring(t)
end

local function hashes(n)
  local h, parts = 0x811c9dc5, {}
  for i = 1, n do parts[#parts + 1] = string.format("%d:%x;", i, i * i) end
  local text = table.concat(parts)
  for i = 1, #text do h = bit.tobit(bit.bxor(h, text:byte(i)) * 403) end
  return h .. " " .. #text:gsub("%d+:", function(d) return #d % 2 == 0 and d or "" end)
end

local function memory(n)
  local cells = ffi.new("struct { uint8_t a; int16_t b; float f; double d; }[?]", n)
  for r = 1, 8 do
    for i = 0, n - 1 do
      local c = cells[i]
      c.a, c.b, c.f, c.d = c.a + i, c.b * 3 - i, c.f / 3 + i, c.d + c.f * r
    end
  end
  local sum = 0
  for i = 0, n - 1 do sum = sum + cells[i].a + cells[i].b + cells[i].f + cells[i].d % 3 end
  return sum
end

local function objects(n)
  local list, total = {}, 0
  for i = 1, n do list[i] = { key = (i * 7919) % n, next = list[i - 1] } end
  table.sort(list, function(p, q) return p.key < q.key end)
  local walk = coroutine.wrap(function() for i = 1, n do coroutine.yield(list[i]) end end)
  for i = 1, n do
    local o = walk()
    total = total + o.key * (i % 5) + (o.next and o.next.key or 0)
  end
  local ok, message = pcall(function() local missing; return missing.field end)
  return total .. " " .. tostring(ok) .. " " .. message:match("attempt.*")
end

local kernels = {
  { "sieve", sieve, 60000 }, { "bodies", bodies, 8000 }, { "mandelbrot", mandelbrot, 90 },
  { "product", product, 48 }, { "integers", integers, 60000 }, { "hashes", hashes, 6000 },
  { "memory", memory, 4000 }, { "objects", objects, 6000 },
}
for _ = 1, times do
  for _, k in ipairs(kernels) do
    local r = k[2](k[3])
    print(k[1] .. " " .. (type(r) == "number" and string.format("%.17g", r) or r))
  end
end
print("compiled " .. tostring(jit.status()))
