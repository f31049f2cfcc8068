"""What the chest CT experts share: the look at a series, and the lungs in it."""
