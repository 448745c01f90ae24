from ekiben.deploy.policy.history import PoolHistory
from ekiben.deploy.policy.plan import Cause, Plan, Reason
from ekiben.deploy.policy.pool import Pool
from ekiben.deploy.policy.state import Observed, OnDemandState, PoolState
from ekiben.deploy.policy.history import LossHistory
from ekiben.deploy.policy.rules import Rules
from ekiben.deploy.policy.decide import decide
