"""What a family of rows is made of: kinds of settings, blocks of rows, payments, and the record of it all."""
