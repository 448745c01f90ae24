"""What an operator does with a deployment that is up.

members    every instance of the deployment
status     instances, what they cost, and what spot has saved
troubles   why instances could not be launched
draining   one instance hands its work back and goes; another takes its place
rotation   a new version takes the place of the old one, and is taken back when it is worse
    refresh   EC2 Auto Scaling's instance refresh
    versions  which version of its launch template a group launches
logs       what the instances wrote
"""
