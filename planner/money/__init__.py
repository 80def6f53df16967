"""Money over time: annuities, rates, what falls inside the horizon, prices in tiers."""
