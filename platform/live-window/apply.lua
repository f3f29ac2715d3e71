-- Writes what one batch of events adds to one partition's live window, if the window stands where the batch begins.
--
-- KEYS  minutes (hash <minute>|<currency>|orders, …|net), touched (zset <minute>|<currency>, scored by batch end),
--       recent (zset of JSON, scored by offset), fence (next offset), pruned (first minute kept)
-- ARGV  mode: 'follow' adds to what is there, 'replace' puts this in its place
--       expected: the fence to find ('' for none); next: the fence to leave
--       cutoff: first minute to keep; keep: how many recent entries to keep; count: how many minutes follow
--       then count times: minute, currency, orders, net
--       then the recent entries: offset, JSON
-- Gives {'applied', minutes written, minutes too old}, or {'stale', the fence found}. Writes nothing when it fails.
-- Amounts stay texts: Redis adds 64-bit integers, Lua would round them to doubles.

local minutes, touched, recent, fence, pruned = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local mode, expected, next_offset = ARGV[1], ARGV[2], ARGV[3]
local cutoff, keep, count = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local first_recent = 7 + count * 4

local found = redis.call('GET', fence) or ''
if found ~= expected then
  return {'stale', found}
end

-- Up to 18 digits, so that adding two of them cannot pass 64 bits.
local function is_whole(text)
  return string.find(text, '^%-?%d+$') and #text <= 19 and (#text <= 18 or string.sub(text, 1, 1) == '-')
end

local function refuse(what, text)
  return redis.error_reply('LIVEWINDOW ' .. what .. ': ' .. tostring(text))
end

if mode ~= 'follow' and mode ~= 'replace' then return refuse('unknown mode', mode) end
if not string.find(next_offset, '^%d+$') then return refuse('next is no offset', next_offset) end
if first_recent > #ARGV + 1 or (#ARGV + 1 - first_recent) % 2 ~= 0 then return refuse('wrong number of arguments', #ARGV) end
for i = 7, first_recent - 1, 4 do
  if not string.find(ARGV[i], '^%d+$') then return refuse('no minute', ARGV[i]) end
  if not string.find(ARGV[i + 1], '^[^|]+$') then return refuse('no currency', ARGV[i + 1]) end
  if not is_whole(ARGV[i + 2]) then return refuse('orders are no whole number in range', ARGV[i + 2]) end
  if not is_whole(ARGV[i + 3]) then return refuse('net is no whole number in range', ARGV[i + 3]) end
  if mode == 'follow' then
    local cell = ARGV[i] .. '|' .. ARGV[i + 1]
    for _, kept in ipairs(redis.call('HMGET', minutes, cell .. '|orders', cell .. '|net')) do
      if kept and not is_whole(kept) then return refuse('the sum kept is out of range', cell) end
    end
  end
end
for i = first_recent, #ARGV, 2 do
  if not string.find(ARGV[i], '^%d+$') then return refuse('recent entry without offset', ARGV[i]) end
end

-- The fence comes down first and goes up last: a script that dies in between leaves a window that says so.
redis.call('DEL', fence)
if mode == 'replace' then
  redis.call('DEL', minutes, touched, recent, pruned)
end

local written, late = 0, 0
for i = 7, first_recent - 1, 4 do
  if tonumber(ARGV[i]) < cutoff then
    late = late + 1
  else
    local cell = ARGV[i] .. '|' .. ARGV[i + 1]
    redis.call('HINCRBY', minutes, cell .. '|orders', ARGV[i + 2])
    redis.call('HINCRBY', minutes, cell .. '|net', ARGV[i + 3])
    redis.call('ZADD', touched, next_offset, cell)
    written = written + 1
  end
end

for i = first_recent, #ARGV, 2 do
  redis.call('ZADD', recent, ARGV[i], ARGV[i + 1])
end
if first_recent <= #ARGV then
  redis.call('ZREMRANGEBYRANK', recent, 0, -keep - 1)
end

-- Once a minute, what has left the window goes.
if redis.call('GET', pruned) ~= ARGV[4] then
  for _, cell in ipairs(redis.call('ZRANGE', touched, 0, -1)) do
    if tonumber(string.match(cell, '^%d+')) < cutoff then
      redis.call('HDEL', minutes, cell .. '|orders', cell .. '|net')
      redis.call('ZREM', touched, cell)
    end
  end
  redis.call('SET', pruned, ARGV[4])
end

redis.call('SET', fence, next_offset)
return {'applied', written, late}
