"""Other people's simulators behind the interface of `contestants`; each takes the module that it wraps."""
