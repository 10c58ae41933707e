"""Networks that predict a velocity from a noisy picture and what is known of the place."""
