"""Where, when and how to house AI racks, and how to power them."""
