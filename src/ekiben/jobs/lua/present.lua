-- The entries of the workers that are there. ARGV: most entries of a model, then the models.
local found = {}
for i = 2, #ARGV do
  local index, seen = name('workers', ARGV[i]), 0
  for _, id in ipairs(redis.call('SMEMBERS', index)) do
    local entry = redis.call('GET', name('worker', ARGV[i], id))
    if not entry then
      redis.call('SREM', index, id)
    elseif seen < tonumber(ARGV[1]) then
      seen = seen + 1
      found[#found + 1] = entry
    end
  end
end
return found
