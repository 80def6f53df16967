"""What differs between runs, as tables: settings, cells of input tables, results side by side."""
