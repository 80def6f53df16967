"""Figures of the inputs that no rule rereads yet: each leaves for a list of the ledger."""

MISSING = ()
