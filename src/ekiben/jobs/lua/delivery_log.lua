-- ARGV: id. Returns {when it is due in ms since 1970 or empty, entry of the log as JSON, ...}.
local due = redis.call('ZSCORE', name('hooks'), ARGV[1])
return { due or '', unpack(redis.call('LRANGE', name('hook_log', ARGV[1]), 0, -1)) }
