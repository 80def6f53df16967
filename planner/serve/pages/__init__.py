"""One file for each kind of page: its routes and its markup."""
