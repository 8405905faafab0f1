"""Writing of labels and surfaces in the formats of other programs."""
