"""The reconstruction engine: descriptor, control strategy, distance, mapping, training and generation."""
