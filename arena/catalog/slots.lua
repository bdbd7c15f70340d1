-- One step of all lines for the endpoints' slots: those who run say so, those who ended leave, and
-- whose turn it is goes in. A ticket is "NAME ENDPOINT:LIMIT:WANTED ...": it takes so many slots at
-- each of its endpoints at once, or none, so nobody holds one slot while waiting for the other.
--
-- ENDPOINT:LIMIT:WANTED:RATE:GROUP is one that takes at most RATE calls in a minute, 0 is no limit;
-- and that is served by a GPU group, where only one endpoint has calls at a time. The name of a
-- ticket of calls beside battles begins with "~": it goes in where there is room, and never keeps
-- its place.
--
-- KEYS[1]  the line: each waiting ticket, by the time of its arrival
-- KEYS[2]  the same tickets, by the time at which they are forgotten unless they are told again
-- KEYS[3]  the processes, by the time at which they are forgotten
-- KEYS[4]  begins the key of each endpoint's holders: a ticket with each number of a slot that it
--          has there, by the end of its lease. All keys have one hash tag, so that a cluster keeps
--          them on one server.
-- KEYS[5]  begins the key of what began at each endpoint that has a rate, by the time at which it
--          did
-- KEYS[6]  begins the key of what each GPU group serves: "ENDPOINT END", a lease; from END on it is
--          drawn no more, so that others come to their turn; see `arena.catalog.gpu_groups`
-- ARGV     process, empty if it has no battles; length of a lease; patience; length of a minute;
--          length of a turn of one endpoint of a GPU group (all in milliseconds); what the process
--          tells:
--          {"held": [[ticket, endpoint, number]], "given_back": [the same], "left": [ticket],
--           "begun": [[ticket, endpoint, number, milliseconds ago]],
--           "waiting": [[ticket, arrival, 0 if it has just come]]}
-- Returns  {"places": [[ticket, place, arrival, whether another endpoint has a group of its]],
--           "processes": how many}; place 0 has its slots.

local line, forgotten, processes = KEYS[1], KEYS[2], KEYS[3]
local lease, patience, minute = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local stint, told = tonumber(ARGV[5]), cjson.decode(ARGV[6])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local function holders(endpoint)
  return KEYS[4] .. endpoint
end

local function wants(ticket)
  return string.gmatch(ticket, ' (%d+):(%d+):(%d+):?(%d*):?(%x*)')
end

local function slot(ticket, number)
  return number .. ' ' .. ticket
end

local function count_of(endpoint)
  redis.call('ZREMRANGEBYSCORE', holders(endpoint), '-inf', now)
  return redis.call('ZCARD', holders(endpoint))
end

-- The endpoint that a group serves and the end of its turn; nil when none has calls there.
local function served_by(group)
  local found = redis.call('GET', KEYS[6] .. group)
  local endpoint, turn_ends = string.match(found or '', '^(%d+) (%d+)$')
  if endpoint and count_of(endpoint) > 0 then return endpoint, tonumber(turn_ends) end
  if found then redis.call('DEL', KEYS[6] .. group) end
end

local function serve(group, endpoint, turn_ends)
  local served = endpoint .. ' ' .. string.format('%d', turn_ends)
  redis.call('SET', KEYS[6] .. group, served, 'PX', lease)
end

local function group_at(ticket, endpoint)
  for one, _, _, _, group in wants(ticket) do
    if tonumber(one) == tonumber(endpoint) then return group end
  end
  return ''
end

local function hold(ticket, endpoint, number)
  redis.call('ZADD', holders(endpoint), now + lease, slot(ticket, number))
  redis.call('PEXPIRE', holders(endpoint), lease)
  local group = group_at(ticket, endpoint)
  if group ~= '' then
    local served, turn_ends = served_by(group)
    if not served or tonumber(served) == tonumber(endpoint) then
      serve(group, endpoint, turn_ends or now + stint)
    end
  end
end

local function begin(ticket, endpoint, number, at)
  redis.call('ZADD', KEYS[5] .. endpoint, 'NX', at, slot(ticket, number))
  redis.call('PEXPIRE', KEYS[5] .. endpoint, minute)
end

local function leave(ticket)
  redis.call('ZREM', line, ticket)
  redis.call('ZREM', forgotten, ticket)
end

local function is_in(ticket)
  for endpoint, _, wanted in wants(ticket) do
    for number = 0, wanted - 1 do
      if redis.call('ZSCORE', holders(endpoint), slot(ticket, number)) then return true end
    end
  end
  return false
end

if ARGV[1] ~= '' then redis.call('ZADD', processes, now + lease, ARGV[1]) end
redis.call('ZREMRANGEBYSCORE', processes, '-inf', now)
redis.call('PEXPIRE', processes, lease)
for _, held in ipairs(told.held) do
  hold(held[1], held[2], held[3])
  leave(held[1])
end
for _, begun in ipairs(told.begun) do
  begin(begun[1], begun[2], begun[3], now - begun[4])
end
for _, free in ipairs(told.given_back) do
  redis.call('ZREM', holders(free[2]), slot(free[1], free[3]))
  local group = group_at(free[1], free[2])
  if group ~= '' then served_by(group) end
end
for _, ticket in ipairs(told.left) do
  leave(ticket)
end
local places = {}
for _, pair in ipairs(told.waiting) do
  local ticket, arrival = pair[1], pair[2]
  if is_in(ticket) then
    places[ticket] = {0, arrival, false}
  else
    if arrival == 0 then
      local last = redis.call('ZRANGE', line, -1, -1, 'WITHSCORES')
      arrival = math.max(now, (tonumber(last[2]) or 0) + 1)
    end
    redis.call('ZADD', line, 'NX', arrival, ticket)
    redis.call('ZADD', forgotten, now + lease, ticket)
    places[ticket] = {-1, arrival, false}
  end
end
redis.call('PEXPIRE', line, lease)
redis.call('PEXPIRE', forgotten, lease)

local taken, begun, ahead = {}, {}, {}
local function has_room(endpoint, limit, wanted)
  taken[endpoint] = taken[endpoint] or count_of(endpoint)
  return taken[endpoint] + wanted <= tonumber(limit)
end

local function has_time(endpoint, rate, wanted)
  if rate == 0 then return true end
  if not begun[endpoint] then
    redis.call('ZREMRANGEBYSCORE', KEYS[5] .. endpoint, '-inf', now - minute)
    begun[endpoint] = redis.call('ZCARD', KEYS[5] .. endpoint)
  end
  return begun[endpoint] + wanted <= rate
end

-- Which endpoint a group serves, and which it is kept for by the first that waits long.
local serving, kept = {}, {}
local function has_group(endpoint, group)
  if group == '' then return true end
  if serving[group] == nil then serving[group] = served_by(group) or false end
  return (serving[group] or endpoint) == endpoint and (kept[group] or endpoint) == endpoint
end

local function keep_group(endpoint, group)
  if group == '' or kept[group] then return end
  kept[group] = endpoint
  local served, turn_ends = served_by(group)
  if served and served ~= endpoint and turn_ends > now then serve(group, served, now) end
end

local waiting = redis.call('ZRANGE', line, 0, -1, 'WITHSCORES')
for index = 1, #waiting, 2 do
  local ticket, arrival = waiting[index], tonumber(waiting[index + 1])
  local last = redis.call('ZSCORE', forgotten, ticket)
  if not last or tonumber(last) <= now then
    leave(ticket)
  else
    local beside_battles = string.sub(ticket, 1, 1) == '~'
    local enters, in_time, place, has_groups = true, true, 1, true
    for endpoint, limit, wanted, rate, group in wants(ticket) do
      in_time = has_time(endpoint, tonumber(rate) or 0, wanted) and in_time
      has_groups = has_group(endpoint, group) and has_groups
      enters = has_room(endpoint, limit, wanted) and has_groups and in_time and enters
      place = math.max(place, (ahead[endpoint] or 0) + 1)
    end
    -- Who waits for one endpoint alone lets later ones pass at the other, but not for long; who
    -- waits for a minute to pass, or calls beside battles, does.
    local keeps = in_time and now - arrival >= patience and not beside_battles
    for endpoint, _, wanted, rate, group in wants(ticket) do
      if enters then
        for number = 0, wanted - 1 do
          hold(ticket, endpoint, number)
          if (tonumber(rate) or 0) > 0 then begin(ticket, endpoint, number, now) end
        end
        if begun[endpoint] then begun[endpoint] = begun[endpoint] + wanted end
        if group ~= '' then serving[group] = endpoint end
      elseif not beside_battles then
        ahead[endpoint] = (ahead[endpoint] or 0) + 1
      end
      if enters or keeps then taken[endpoint] = taken[endpoint] + wanted end
      if keeps and not enters then keep_group(endpoint, group) end
    end
    if enters then
      leave(ticket)
      place = 0
    end
    if places[ticket] then places[ticket] = {place, arrival, not has_groups} end
  end
end
local found = {}
for ticket, place in pairs(places) do
  found[#found + 1] = {ticket, place[1], place[2], place[3]}
end
return cjson.encode({places = found, processes = redis.call('ZCARD', processes)})
