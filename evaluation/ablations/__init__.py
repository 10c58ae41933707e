"""Our made pairs with one promise broken, as published generators break it: what is each promise worth?

Each file wraps finished pairs of ours, so that nothing else differs from them.
"""
