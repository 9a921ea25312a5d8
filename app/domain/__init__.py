"""Pure rules: states, plans, prices, keys, errors. No clock, network, environment or database."""
