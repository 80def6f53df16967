"""Small things that every room uses: errors, units, text, drawing, places of files."""
