-- Reads one partition's live window at one moment: all of it, or what has changed since a fence.
--
-- KEYS  minutes, touched, recent, fence (see apply.lua)
-- ARGV  since: a fence that the reader has seen (0 for none); cutoff: first minute of interest
-- Gives {fence, 1 when this is all there is or 0 when it is what changed, {minute, currency, orders, net, …}, {JSON, …}};
-- or {false} while there is no window.

local minutes, touched, recent, fence = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local since, cutoff = tonumber(ARGV[1]), tonumber(ARGV[2])

local found = redis.call('GET', fence)
if not found then
  return {false}
end

-- A fence behind the reader's is that of an older window: only all of it makes sense.
local whole = since <= 0 or tonumber(found) < since
local cells = redis.call('ZRANGEBYSCORE', touched, whole and '-inf' or '(' .. ARGV[1], '+inf')
local entries = redis.call('ZRANGEBYSCORE', recent, whole and '-inf' or ARGV[1], '+inf')

local figures = {}
for _, cell in ipairs(cells) do
  local minute, currency = string.match(cell, '^(%d+)|(.+)$')
  if tonumber(minute) >= cutoff then
    local values = redis.call('HMGET', minutes, cell .. '|orders', cell .. '|net')
    figures[#figures + 1] = minute
    figures[#figures + 1] = currency
    figures[#figures + 1] = values[1]
    figures[#figures + 1] = values[2]
  end
end
return {found, whole and 1 or 0, figures, entries}
