-- Invariant: a job that is erased leaves nothing behind in this store; a lease on it is void. ARGV: ids.
-- Returns the ids that were there.
local gone = {}
for _, id in ipairs(ARGV) do
  local job = read(id)
  if job then
    erase(job)
    gone[#gone + 1] = id
  end
end
return gone
