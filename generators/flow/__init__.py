"""Flow matching: the path from noise to a picture, solvers that walk it, the loss, and guidance.

One convention holds everywhere: **time runs from 1, where all is noise (or another start), to 0, where all
is picture.** On the straight path `x(t) = (1 - t) picture + t start` the velocity is
`dx/dt = start - picture`; a network predicts it, and a solver walks from 1 down to 0. diffusers'
`FlowMatchEulerDiscreteScheduler` calls this time sigma. Papers that put the picture at 1 have the opposite
sign.

Networks know no schedule, and solvers know no network: between them stands `path.Velocity`.
"""
