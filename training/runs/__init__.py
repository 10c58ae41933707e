"""What every training run shares: its steps, checkpoints, losses, and what a finished one leaves.

`steps.run_steps` is the loop. A trainer says what a step learns from, what its loss is, and what is kept at
the end; `training/segmenters/loop.py` is the one to imitate. What a step sees may depend on the seed and on
the number of the step alone: then a run that was stopped and resumed ends like one that was not.
"""
