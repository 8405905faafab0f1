from .pattern_loss import PatternLoss as PatternLoss
