-- Invariant: a delayed job stands in line once its time has come, whether or not a worker asks for its model.
local promoted = 0
for _, model in ipairs(redis.call('SMEMBERS', name('models'))) do
  promoted = promoted + promote(model)
end
return promoted
